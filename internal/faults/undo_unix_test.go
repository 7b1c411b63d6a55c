//go:build unix

package faults_test

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
)

// A Soft that cannot finish what it began leaves nothing behind: neither when a
// call fails after the file was made, nor when it was made by a call that is
// said to have failed.
func TestAFailedSoftLockLeavesNoFile(t *testing.T) {
	for _, c := range []struct {
		op    string
		wrong faults.Fault
	}{
		{faults.OpCreate, faults.Fault{Err: syscall.EIO, Lost: true}},
		{faults.OpTryLock, faults.Fault{Err: syscall.ENOLCK}},
		{faults.OpTryLock, faults.Fault{Err: syscall.EIO, Lost: true}},
		{faults.OpInfo, faults.Fault{Err: syscall.EIO}},
		{faults.OpLstat, faults.Fault{Err: syscall.ESTALE}},
		{faults.OpChmod, faults.Fault{Err: syscall.EROFS}},
		{faults.OpWrite, faults.Fault{Err: syscall.EDQUOT}},
		{faults.OpWrite, faults.Fault{Err: syscall.ENOSPC, Half: true}},
		{faults.OpWrite, faults.Fault{Err: syscall.EIO, Lost: true}},
	} {
		for _, opts := range [][]lock.Option{nil, {lock.WithoutReaping()}} {
			path := softPath(t)
			f := faults.On(fsys.Real, first(c.op, c.wrong))
			err := lock.NewSoft(path, append(opts, lock.WithMode(0o600), lock.InHost(worldOf(f)))...).TryLock()
			if !errors.Is(err, c.wrong.Err) {
				t.Errorf("%s %+v: %v", c.op, c.wrong, err)
			}
			gone(t, path)
		}
	}
}

// Where not even the file can be removed, the error says so, and what is left
// is a dead owner's.
func TestWhatCannotBeRemovedIsSaidAndDead(t *testing.T) {
	path := softPath(t)
	f := faults.On(fsys.Real, func(c faults.Call) faults.Fault {
		switch c.Op {
		case faults.OpWrite:
			return faults.Fault{Err: syscall.EDQUOT, Lost: true}
		case faults.OpUnlink:
			return faults.Fault{Err: syscall.EROFS}
		}
		return faults.Fault{}
	})
	err := lock.NewSoft(path, lock.InHost(worldOf(f))).TryLock()
	if !errors.Is(err, syscall.EDQUOT) || !errors.Is(err, syscall.EROFS) {
		t.Errorf("%v, want both errors", err)
	}
	if b, err := os.ReadFile(path); err != nil || len(b) > 0 {
		t.Errorf("left: %q, %v", b, err)
	}
	l := lock.NewSoft(path, lock.InHost(worldOf(fsys.Real)))
	must(t, l.TryLock())
	must(t, l.Unlock())
}

// Without the kernel lock the file is left alone: at the moment of the unlink
// it could be the next owner's.
func TestWithoutItsKernelLockAFileIsNotRemoved(t *testing.T) {
	path := softPath(t)
	other := lock.NewSoft(path, lock.InHost(worldOf(fsys.Real)))
	f := faults.On(fsys.Real, func(c faults.Call) faults.Fault {
		switch c.Op {
		case faults.OpTryLock:
			return faults.Fault{Err: syscall.ENOLCK}
		case faults.OpUnlink: // another breaks the file, whose kernel lock is free, and takes the lock
			return faults.Fault{First: func() { must(t, other.TryLock()) }}
		}
		return faults.Fault{}
	})
	if err := lock.NewSoft(path, lock.InHost(worldOf(f))).TryLock(); !errors.Is(err, syscall.ENOLCK) {
		t.Errorf("%v, want ENOLCK", err)
	}
	if !other.Locked() {
		must(t, other.TryLock())
	}
	if err := other.Unlock(); err != nil {
		t.Errorf("the next owner's lock: %v", err)
	}
}
