//go:build linux || windows

package lock_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
)

var errFault = errors.New("input/output error")

// faulty is a filesystem on which one of the calls that waiting in order is made
// of fails once, without doing anything.
type faulty struct {
	fsys.FS
	gate   string
	n      int64 // which call fails
	called atomic.Int64
	what   string
}

type faultyDir struct {
	fsys.Dir
	f *faulty
}

type faultyFile struct {
	fsys.File
	f    *faulty
	gate bool
}

func (f *faulty) fails(what string) error {
	if f.called.Add(1) != f.n {
		return nil
	}
	f.what = what
	return &fs.PathError{Op: what, Path: "?", Err: errFault}
}

func (f *faulty) At(path string) fsys.Dir { return faultyDir{f.FS.At(path), f} }

func (d faultyDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	if name == d.f.gate {
		if err := d.f.fails("open"); err != nil {
			return nil, err
		}
	}
	f, err := d.Dir.Open(name, how)
	if err != nil {
		return nil, err
	}
	return faultyFile{f, d.f, name == d.f.gate}, nil
}

func (d faultyDir) Has(name string) (bool, error) {
	if err := d.f.fails("has"); err != nil {
		return false, err
	}
	return d.Dir.Has(name)
}

func (d faultyDir) Lstat(name string) (fsys.Info, error) {
	if name == d.f.gate {
		if err := d.f.fails("lstat"); err != nil {
			return fsys.Info{}, err
		}
	}
	return d.Dir.Lstat(name)
}

func (d faultyDir) Unlink(name string) error {
	if name == d.f.gate {
		if err := d.f.fails("unlink"); err != nil {
			return err
		}
	}
	return d.Dir.Unlink(name)
}

func (f faultyFile) TryLock(mode fsys.LockMode) error {
	if f.gate {
		if err := f.f.fails("flock"); err != nil {
			return err
		}
	}
	return f.File.TryLock(mode)
}

func (f faultyFile) Lock(mode fsys.LockMode) error {
	if err := f.f.fails("blocking flock"); err != nil {
		return err
	}
	return f.File.Lock(mode)
}

func (f faultyFile) OrderLock(o fsys.Order, mode fsys.LockMode, wait bool) error {
	if err := f.f.fails("order lock"); err != nil {
		return err
	}
	return f.File.OrderLock(o, mode, wait)
}

func (f faultyFile) OrderUnlock() error {
	if err := f.f.fails("order unlock"); err != nil {
		return err
	}
	return f.File.OrderUnlock()
}

func (f faultyFile) OrderHeld(o fsys.Order) (bool, error) {
	if err := f.f.fails("order held"); err != nil {
		return false, err
	}
	return f.File.OrderHeld(o)
}

func init() {
	// turns KIND: for each path that it reads it takes the lock, says "got", lets go
	// at the next line and says "out".
	roles["turns"] = func(args []string) error {
		fmt.Println("ready")
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			l := newLocker(args[0], in.Text())
			if err := l.Lock(bg); err != nil {
				return err
			}
			fmt.Println("got")
			if !in.Scan() {
				break
			}
			if err := l.Unlock(); err != nil {
				return err
			}
			fmt.Println("out")
		}
		return in.Err()
	}
}

// Whatever fails, the waiter gets the lock without its safety net, and the next
// one does; only the order may suffer, and a gate be left.
func TestAFaultInWaitingCostsTheOrderAtMost(t *testing.T) {
	for _, kind := range orderly {
		owner, next := start(t, "turns", kind), start(t, "turns", kind)
		for n := int64(1); ; n++ {
			path := tempPath(t)
			f := &faulty{FS: fsys.Real, gate: ".job.lock.gate", n: n}
			in := lock.InHost(host.Real.With(f))
			var l lock.Locker = lock.NewSoft(path, in)
			if kind == "file" {
				l = lock.NewFile(path, in)
			}
			owner.say(t, path)
			owner.says(t, "got")
			done := make(chan error, 1)
			go func() { done <- l.Lock(bg) }()
			until(func() bool { return lock.Waiting(path) == 1 })
			owner.say(t, "let go")
			owner.says(t, "out")
			if err := <-done; err != nil {
				t.Errorf("%s: call %d (%s) fails: %v", kind, n, f.what, err)
				continue
			}
			next.say(t, path)
			must(t, l.Unlock())
			next.says(t, "got")
			next.say(t, "let go")
			next.says(t, "out")
			must(t, lock.AtRest(path))
			until(func() bool { return lock.ParkedAt(path) == 0 })
			if open := openBelow(t, filepath.Dir(path)); open > 0 {
				t.Errorf("%s: call %d (%s) fails: %d descriptors are open", kind, n, f.what, open)
			}
			if f.what == "" {
				if n == 1 {
					t.Error("no call failed: the test shows nothing")
				}
				break
			}
			t.Log(kind, n, f.what)
		}
	}
}
