//go:build linux || windows

package lock_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
)

// quiet is a filesystem that reports who uses a file while a thread is blocked on
// it. On Windows such a call would be blocked as well, a Close too: calls on one
// synchronous handle wait for each other. (Order locks there are none.)
type quiet struct {
	fsys.FS
	blocked, broken *atomic.Int64
}

type quietDir struct {
	fsys.Dir
	q quiet
}

type quietFile struct {
	fsys.File
	q    quiet
	busy *atomic.Bool
}

func (q quiet) At(path string) fsys.Dir { return quietDir{q.FS.At(path), q} }

func (q quiet) file(f fsys.File, err error) (fsys.File, error) {
	if err != nil {
		return nil, err
	}
	return quietFile{f, q, new(atomic.Bool)}, nil
}

func (d quietDir) Create(name string, perm fs.FileMode) (fsys.File, error) {
	return d.q.file(d.Dir.Create(name, perm))
}

func (d quietDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	return d.q.file(d.Dir.Open(name, how))
}

func (f quietFile) free() fsys.File {
	if f.busy.Load() {
		f.q.broken.Add(1)
	}
	return f.File
}

func (f quietFile) Lock(mode fsys.LockMode) error {
	f.q.blocked.Add(1)
	f.free()
	f.busy.Store(true)
	defer f.busy.Store(false)
	return f.File.Lock(mode)
}

func (f quietFile) Info() (fsys.Info, error)         { return f.free().Info() }
func (f quietFile) Kind() (fsys.Info, error)         { return f.free().Kind() }
func (f quietFile) Read(max int) ([]byte, error)     { return f.free().Read(max) }
func (f quietFile) ReadInto(b []byte) (int, error)   { return f.free().ReadInto(b) }
func (f quietFile) Write(b []byte) error             { return f.free().Write(b) }
func (f quietFile) Truncate(n int64) error           { return f.free().Truncate(n) }
func (f quietFile) TryLock(mode fsys.LockMode) error { return f.free().TryLock(mode) }
func (f quietFile) Unlock() error                    { return f.free().Unlock() }
func (f quietFile) Class() (fsys.Class, error)       { return f.free().Class() }
func (f quietFile) Dup() (*os.File, error)           { return f.free().Dup() }
func (f quietFile) Close() error                     { return f.free().Close() }
func (f quietFile) CloseOnly() error                 { return f.free().CloseOnly() }

func TestNobodyUsesAFileOnWhichAThreadIsBlocked(t *testing.T) {
	q := quiet{fsys.Real, new(atomic.Int64), new(atomic.Int64)}
	in := lock.InHost(host.Real.With(q))
	dir := t.TempDir()
	for _, kind := range []string{"soft", "file", "shared"} {
		path := filepath.Join(dir, kind)
		owner := kind
		if kind == "shared" {
			owner = "file"
		}
		beside := start(t, "contend", owner, path, "10")
		beside.say(t, "go")
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for round := range 10 {
					var l lock.Locker = lock.NewSoft(path, in)
					if f := lock.NewFile(path, in); kind == "shared" {
						l = f.RLocker()
					} else if kind == "file" {
						l = f
					}
					ctx, cancel := context.WithCancel(bg)
					if (i+round)%3 == 0 {
						time.AfterFunc(time.Millisecond, cancel)
					}
					err := l.Lock(ctx)
					if err == nil {
						time.Sleep(2 * time.Millisecond) // longer than waiters linger
						err = l.Unlock()
					}
					if cancel(); err != nil && !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		beside.says(t, "done")
	}
	until(func() bool { return lock.Parked() == 0 })
	if q.blocked.Load() == 0 {
		t.Error("nobody was blocked: the test shows nothing")
	}
	if n := q.broken.Load(); n > 0 {
		t.Errorf("a file was used %d times while a thread was blocked on it", n)
	}
}
