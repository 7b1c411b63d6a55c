package lock_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/reaper"
)

// limbo is a filesystem that keeps the name of a file that was deleted, as
// Windows does without POSIX deletion, for as long as another has it open.
type limbo struct {
	fsys.FS
	name  string
	kept  atomic.Bool
	calls atomic.Int64
}

type limboDir struct {
	fsys.Dir
	l *limbo
}

func (l *limbo) At(path string) fsys.Dir { return limboDir{l.FS.At(path), l} }
func (l *limbo) OpenDir(path string) (fsys.Dir, error) {
	d, err := l.FS.OpenDir(path)
	return limboDir{d, l}, err
}

func (l *limbo) pending(name string, also error) error {
	if name != l.name || !l.kept.Load() {
		return nil
	}
	l.calls.Add(1)
	return &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("%w (%w)", fsys.ErrDeletePending, also)}
}

func (d limboDir) Create(name string, perm fs.FileMode) (fsys.File, error) {
	if err := d.l.pending(name, fs.ErrExist); err != nil {
		return nil, err
	}
	return d.Dir.Create(name, perm)
}

func (d limboDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	also := fs.ErrNotExist
	if how&fsys.OpenCreate != 0 {
		also = fs.ErrExist
	}
	if err := d.l.pending(name, also); err != nil {
		return nil, err
	}
	return d.Dir.Open(name, how)
}

func (d limboDir) Lstat(name string) (fsys.Info, error) {
	if err := d.l.pending(name, fs.ErrNotExist); err != nil {
		return fsys.Info{}, err
	}
	return d.Dir.Lstat(name)
}

func (d limboDir) OpenDir(name string) (fsys.Dir, error) {
	dir, err := d.Dir.OpenDir(name)
	return limboDir{dir, d.l}, err
}

func eachInLimbo(t *testing.T, test func(t *testing.T, l *limbo, h locker)) {
	t.Helper()
	for _, network := range []bool{false, true} {
		kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
			opts := []lock.Option{}
			if network {
				opts = append(opts, lock.WithNetwork())
			}
			l := &limbo{FS: fsys.Real, name: "x.lock"}
			world := host.Real.With(l)
			h := newLock(path[:len(path)-len(base(path))]+l.name, append(opts, lock.InHost(world))...)
			test(t, l, h)
		})
	}
}

func base(path string) string {
	_, name := fsys.SplitPath(path)
	return name
}

// It is held, as far as anybody can know; nobody is dead, and nothing is denied.
func TestADeletionThatIsPendingIsWaitedFor(t *testing.T) {
	eachInLimbo(t, func(t *testing.T, l *limbo, h locker) {
		for _, known := range []bool{false, true} { // a handle that had the lock opens it otherwise
			if known {
				must(t, h.TryLock())
				must(t, h.Unlock())
				_ = os.Remove(h.Path())
			}
			l.calls.Store(0)
			l.kept.Store(true)
			err := h.TryLock()
			var held *lock.HeldError
			if !errors.As(err, &held) || errors.Is(err, fs.ErrPermission) || errors.Is(err, lock.ErrNotLockFile) {
				t.Fatalf("TryLock: %v, want ErrHeld and nothing else", err)
			}
			if v := held.Judgment.Verdict; v != reaper.Unknown {
				t.Errorf("the verdict is %s: %q", v, held.Judgment.Evidence)
			}
			if n := l.calls.Load(); n > 1000 {
				t.Errorf("it tried %d times", n)
			}
			l.calls.Store(0)
			done := make(chan error, 1)
			go func() { done <- h.Lock(bg) }()
			for l.calls.Load() < 8 { // several looks
				time.Sleep(time.Millisecond)
			}
			select {
			case err := <-done:
				t.Fatalf("Lock: %v, while the name was taken", err)
			default:
			}
			l.kept.Store(false)
			must(t, <-done)
			must(t, h.Unlock())
		}
	})
}

// The owner's file was deleted by somebody else: whoever has it open keeps the
// name, and that may be the owner himself.
func TestAnOwnerWhoseFileIsBeingDeletedHasLostIt(t *testing.T) {
	l := &limbo{FS: fsys.Real, name: "x.lock"}
	path := t.TempDir() + "/x.lock"
	h := lock.NewSoft(path, lock.InHost(host.Real.With(l)))
	must(t, h.TryLock())
	l.kept.Store(true)
	if err := h.Unlock(); !errors.Is(err, lock.ErrLost) {
		t.Errorf("Unlock: %v, want ErrLost", err)
	}
}
