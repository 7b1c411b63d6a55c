//go:build unix

package lock_test

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
)

// faultyWorld is a keptWorld whose calls go wrong.
func faultyWorld(t *testing.T) (*keptWorld, *faults.FS) {
	w := newKeptWorld(t, fsys.File.Touch)
	f := faults.On(fsys.Real, nil)
	h := host.Real.With(f)
	h.Uptime = w.host.Uptime
	w.host = h
	return w, f
}

// A client may answer a touch without its server, which then knows of no renewal.
func TestWhatDoesNotReachTheServerIsNoRenewal(t *testing.T) {
	for _, c := range []struct {
		op      string
		err     error
		renewed bool
	}{
		{faults.OpTouch, unix.EIO, false}, {faults.OpWrite, unix.EIO, false}, {faults.OpSync, unix.EIO, false},
		{faults.OpSync, unix.ENOSPC, true}, {faults.OpWrite, unix.EDQUOT, true}, // the server is there
	} {
		t.Run(c.op+", "+c.err.Error(), func(t *testing.T) {
			w, f := faultyWorld(t)
			l := w.soft()
			must(t, l.TryLock())
			var failed atomic.Int32
			f.Decide(func(now faults.Call) faults.Fault {
				if now.Op != c.op || now.Path != w.path {
					return faults.Fault{}
				}
				failed.Add(1)
				return faults.Fault{Err: c.err}
			})
			w.leap(15 * time.Second)
			soon(t, "it is not renewed", func() bool { return failed.Load() > 0 && lock.Renewing() == 0 })
			w.ahead.Add(int64(45 * time.Second))
			if l.Locked() != c.renewed {
				t.Errorf("a lease after it was made: Locked is %v, want %v", l.Locked(), c.renewed)
			}
			if err := l.Unlock(); c.renewed && err != nil || !c.renewed && !errors.Is(err, lock.ErrLost) {
				t.Errorf("Unlock: %v", err)
			}
			if open := f.Open(); len(open) > 0 {
				t.Errorf("%q are open", open)
			}
		})
	}
}

// Where no server is nothing is written.
func TestALocalRenewalIsATouch(t *testing.T) {
	w, f := faultyWorld(t)
	l := lock.NewSoft(w.path, lock.WithLease(time.Minute), lock.InHost(w.host))
	must(t, l.TryLock())
	before := len(f.Calls())
	w.leap(15 * time.Second)
	soon(t, "it is not renewed", func() bool {
		return lock.Renewing() == 0 && slices.ContainsFunc(f.Calls()[before:], func(c faults.Call) bool { return c.Op == faults.OpRead })
	})
	for _, c := range f.Calls()[before:] {
		if c.Op == faults.OpWrite || c.Op == faults.OpSync {
			t.Errorf("a %s of %s", c.Op, c.Path)
		}
	}
	must(t, l.Unlock())
}
