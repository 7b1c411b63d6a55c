package faultfs_test

import (
	"context"
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// rule makes one request of a kind go wrong.
type rule struct {
	op    string
	n     int           // which one; 1 is the first
	errno syscall.Errno // what it is answered
	lost  bool          // after it was done
}

// requests are those of the kernel, counted, and the rule for them.
type requests struct {
	mu    sync.Mutex
	count map[string]int
	rule  rule
}

func (r *requests) reset(next rule) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count, r.rule = make(map[string]int), next
}

// all is how many requests of each kind there were.
func (r *requests) all() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.count)
}

// do answers one request.
func (r *requests) do(op string, real func() syscall.Errno) syscall.Errno {
	r.mu.Lock()
	r.count[op]++
	wrong := r.rule.op == op && r.rule.n == r.count[op]
	rule := r.rule
	r.mu.Unlock()
	if wrong && !rule.lost {
		return rule.errno
	}
	errno := real()
	if wrong && errno == 0 {
		return rule.errno
	}
	return errno
}

// node passes every request on to the directory behind, as far as the rule lets it.
type node struct {
	fs.LoopbackNode
	r *requests
}

func (n *node) WrapChild(context.Context, fs.InodeEmbedder) fs.InodeEmbedder {
	return &node{fs.LoopbackNode{RootData: n.RootData}, n.r}
}

func (n *node) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (in *fs.Inode, fh fs.FileHandle, ff uint32, errno syscall.Errno) {
	errno = n.r.do("create", func() (e syscall.Errno) {
		in, fh, ff, e = n.LoopbackNode.Create(ctx, name, flags, mode, out)
		return e
	})
	if errno != 0 {
		release(ctx, fh)
		return nil, nil, 0, errno
	}
	return in, ours(fh), ff, 0
}

// handle is an open file whose reads and writes come to this process, where
// Linux could pass them on to the file behind by itself.
type handle struct{ *fs.LoopbackFile }

func (handle) PassthroughFd() (int, bool) { return 0, false }

func ours(fh fs.FileHandle) fs.FileHandle {
	if f, ok := fh.(*fs.LoopbackFile); ok {
		return handle{f}
	}
	return fh
}

func release(ctx context.Context, fh fs.FileHandle) {
	if f, ok := fh.(fs.FileReleaser); ok {
		_ = f.Release(ctx)
	}
}

func (n *node) Open(ctx context.Context, flags uint32) (fh fs.FileHandle, ff uint32, errno syscall.Errno) {
	errno = n.r.do("open", func() (e syscall.Errno) {
		fh, ff, e = n.LoopbackNode.Open(ctx, flags)
		return e
	})
	if errno != 0 {
		release(ctx, fh)
		return nil, 0, errno
	}
	return ours(fh), ff, 0
}

func (n *node) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (in *fs.Inode, errno syscall.Errno) {
	errno = n.r.do("lookup", func() (e syscall.Errno) {
		in, e = n.LoopbackNode.Lookup(ctx, name, out)
		return e
	})
	return in, errno
}

func (n *node) Getattr(ctx context.Context, fh fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return n.r.do("getattr", func() syscall.Errno { return n.LoopbackNode.Getattr(ctx, fh, out) })
}

func (n *node) Setattr(ctx context.Context, fh fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return n.r.do("setattr", func() syscall.Errno { return n.LoopbackNode.Setattr(ctx, fh, in, out) })
}

func (n *node) Unlink(ctx context.Context, name string) syscall.Errno {
	return n.r.do("unlink", func() syscall.Errno { return n.LoopbackNode.Unlink(ctx, name) })
}

func (n *node) Write(ctx context.Context, fh fs.FileHandle, data []byte, off int64) (done uint32, errno syscall.Errno) {
	errno = n.r.do("write", func() (e syscall.Errno) {
		done, e = fh.(fs.FileWriter).Write(ctx, data, off)
		return e
	})
	return done, errno
}

func (n *node) Read(ctx context.Context, fh fs.FileHandle, b []byte, off int64) (res fuse.ReadResult, errno syscall.Errno) {
	errno = n.r.do("read", func() (e syscall.Errno) {
		res, e = fh.(fs.FileReader).Read(ctx, b, off)
		return e
	})
	return res, errno
}

func (n *node) Flush(ctx context.Context, fh fs.FileHandle) syscall.Errno {
	return n.r.do("flush", func() syscall.Errno { return fh.(fs.FileFlusher).Flush(ctx) })
}

func (n *node) Statfs(ctx context.Context, out *fuse.StatfsOut) syscall.Errno {
	return n.r.do("statfs", func() syscall.Errno { return n.LoopbackNode.Statfs(ctx, out) })
}

// hangs is when a test is given up on: far longer than it can need.
const hangs = 5 * time.Minute

// mount mounts a directory with faults. However the test ends the mount does
// not outlive it, and a system call that hangs in it is made to fail.
func mount(t *testing.T) (mnt string, r *requests) {
	t.Helper()
	if _, err := os.Stat("/dev/fuse"); err != nil {
		skip(t, "there is no FUSE here: %v", err)
	}
	back, mnt := t.TempDir(), t.TempDir()
	var st syscall.Stat_t
	if err := syscall.Stat(back, &st); err != nil {
		t.Fatal(err)
	}
	r = &requests{}
	r.reset(rule{})
	root := &fs.LoopbackRoot{Path: back, Dev: uint64(st.Dev)}
	top := &node{fs.LoopbackNode{RootData: root}, r}
	root.RootNode = top
	srv, err := fs.Mount(mnt, top, &fs.Options{MountOptions: fuse.MountOptions{DirectMount: true, FsName: "faultfs", Name: "faultfs"}})
	if err != nil {
		skip(t, "cannot mount: %v", err)
	}
	abort := func() { _ = syscall.Unmount(mnt, syscall.MNT_FORCE|syscall.MNT_DETACH) } // which ends the connection
	watchdog := time.AfterFunc(hangs, func() {
		abort()
		panic("the test hangs, and the FUSE connection was aborted")
	})
	t.Cleanup(func() {
		if err := srv.Unmount(); err != nil {
			t.Errorf("unmount: %v", err)
			abort()
		}
		watchdog.Stop()
	})
	return mnt, r
}

func skip(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("FILELOCK_TEST_NOSKIP") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// kinds are the kinds of request in an order that does not change.
func kinds(count map[string]int) []string {
	var ops []string
	for op := range count {
		ops = append(ops, op)
	}
	slices.Sort(ops)
	return ops
}
