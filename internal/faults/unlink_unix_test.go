//go:build unix

package faults_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/reaper"
)

// first makes the first call of a kind go wrong.
func first(op string, wrong faults.Fault) func(faults.Call) faults.Fault {
	done := false
	return func(c faults.Call) faults.Fault {
		if c.Op != op || done {
			return faults.Fault{}
		}
		done = true
		return wrong
	}
}

// always makes all calls of some kinds go wrong.
func always(wrong faults.Fault, ops ...string) func(faults.Call) faults.Fault {
	return func(c faults.Call) faults.Fault {
		for _, op := range ops {
			if c.Op == op {
				return wrong
			}
		}
		return faults.Fault{}
	}
}

// softPath is a path for a lock, where soft locks work.
func softPath(t *testing.T) string {
	t.Helper()
	dir := quickDir(t)
	needKernelBacked(t, dir)
	return filepath.Join(dir, "job.lock")
}

// The file is gone: that the answer was lost, or that the call was repeated and
// then found nothing, is no loss of the lock.
func TestAnUnlinkWhoseReplyWasLostIsNoLoss(t *testing.T) {
	for name, wrong := range map[string]faults.Fault{
		"repeated":        {Err: syscall.ENOENT, Lost: true},
		"reply lost":      {Err: syscall.EIO, Lost: true},
		"failed one time": {Err: syscall.EIO},
	} {
		t.Run(name, func(t *testing.T) {
			path := softPath(t)
			f := faults.On(fsys.Real, nil)
			world := worldOf(f)
			l := lock.NewSoft(path, lock.InHost(world))
			must(t, l.Lock(t.Context()))
			f.Decide(first(faults.OpUnlink, wrong))
			if err := l.Unlock(); err != nil {
				t.Errorf("unlock: %v", err)
			}
			gone(t, path)

			f.Decide(nil)
			token, err := lock.Grant(t.Context(), path, os.Getpid(), lock.InHost(world))
			must(t, err)
			f.Decide(first(faults.OpUnlink, wrong))
			if _, err := reaper.In(world).Break(context.Background(), path, reaper.Options{Token: token}); err != nil {
				t.Errorf("revoke: %v", err)
			}
			gone(t, path)
		})
	}
}

// A break has succeeded when the file is gone. An error of the close after it
// would send the caller to look for what is not there any more.
func TestABreakWhoseCloseFailsHasSucceeded(t *testing.T) {
	path := softPath(t)
	token, err := lock.Grant(t.Context(), path, os.Getpid(), lock.InHost(worldOf(fsys.Real)))
	must(t, err)
	unlinked := false
	f := faults.On(fsys.Real, func(c faults.Call) faults.Fault {
		unlinked = unlinked || c.Op == faults.OpUnlink
		if unlinked && c.Op == faults.OpClose {
			return faults.Fault{Err: syscall.EIO}
		}
		return faults.Fault{}
	})
	if _, err := reaper.In(worldOf(f)).Break(t.Context(), path, reaper.Options{Token: token}); err != nil {
		t.Errorf("break: %v", err)
	}
	gone(t, path)
}

// The second unlink is not made where the first has worked: by then the path
// may be another owner's.
func TestAnUnlinkIsNotRepeatedOnAnothersFile(t *testing.T) {
	path := softPath(t)
	f := faults.On(fsys.Real, nil)
	l, other := lock.NewSoft(path, lock.InHost(worldOf(f))), lock.NewSoft(path, lock.InHost(worldOf(fsys.Real)))
	must(t, l.Lock(t.Context()))
	unlinked := false
	f.Decide(func(c faults.Call) faults.Fault {
		switch {
		case c.Op == faults.OpUnlink:
			unlinked = true
			return faults.Fault{Err: syscall.EIO, Lost: true}
		case unlinked && c.Op == faults.OpLstat:
			return faults.Fault{First: func() { must(t, other.TryLock()) }}
		}
		return faults.Fault{}
	})
	if err := l.Unlock(); err != nil {
		t.Errorf("unlock: %v", err)
	}
	if err := other.Unlock(); err != nil {
		t.Errorf("the lock of the next owner: %v", err)
	}
}

func gone(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", path, err)
	}
}
