//go:build unix

package faults_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
)

// A lock that changes hands at every look is contention, and no strange file.
func TestALockThatChangesHandsAtEveryLookIsHeld(t *testing.T) {
	who := meta.Self()
	path := softPath(t)
	// Whenever it is to be asked whether the path still names what was judged,
	// it names the next dead owner's file.
	next := func() {
		must(t, os.RemoveAll(path))
		must(t, os.WriteFile(path+".new", encode(t, onThisFile(t, path+".new", recordOf(who))), 0o644))
		must(t, os.Rename(path+".new", path))
	}
	next()
	f := faults.On(fsys.Real, func(c faults.Call) faults.Fault {
		if c.Op == faults.OpLstat {
			return faults.Fault{First: next}
		}
		return faults.Fault{}
	})
	if err := lock.NewSoft(path, lock.InHost(worldOf(f))).TryLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("TryLock: %v, want ErrHeld", err)
	}
	if err := lock.NewSoft(path, lock.InHost(worldOf(f))).LockWithin(t.Context(), time.Millisecond); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("Lock: %v, want ErrHeld", err)
	}
}
