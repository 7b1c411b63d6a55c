//go:build unix

package faults_test

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// enough is how long a call may take that is not to wait: far more than it
// needs, and reached only by one that waits for ever.
const enough = 2 * time.Minute

// Where only the kernel lock can tell, and the system does not answer, that is
// an error: Lock does not wait for an answer that nobody will give.
func TestALockThatCannotBeProbedIsAnErrorAndNoWait(t *testing.T) {
	who := meta.Self()
	who.BootID, who.PID = "00000000-0000-4000-8000-000000000000", 1 // unknown without the kernel lock
	for _, at := range spots(who) {
		if at.name != "dead, kernel lock" && at.name != "empty" && at.name != "torn" && at.name != "free hard lock" {
			continue
		}
		t.Run(at.name, func(t *testing.T) {
			dir := quickDir(t)
			needKernelBacked(t, dir)
			s := set(t, dir, at, always(faults.Fault{Err: syscall.ENOLCK}, faults.OpTryLock))
			l := lock.NewSoft(s.path, lock.InHost(s.host))
			ctx, cancel := context.WithTimeout(t.Context(), enough)
			defer cancel()
			for what, err := range map[string]error{"Lock": l.Lock(ctx), "TryLock": l.TryLock()} {
				if !errors.Is(err, syscall.ENOLCK) || errors.Is(err, lock.ErrHeld) {
					t.Errorf("%s: %v, want ENOLCK", what, err)
				}
			}
			if st, err := reaper.In(s.host).Inspect(t.Context(), s.path); err != nil || st.State != reaper.StateUnknown {
				t.Errorf("inspect: %s, %v", st.State, err)
			}
			if b, err := os.ReadFile(s.path); err != nil || string(b) != string(s.lies) {
				t.Errorf("%q became %q, %v", s.lies, b, err)
			}
		})
	}
}

// A live owner stays an owner: its process testifies.
func TestALiveOwnerIsWaitedForAlthoughItsKernelLockCannotBeProbed(t *testing.T) {
	path := softPath(t)
	must(t, lock.NewSoft(path, lock.InHost(worldOf(fsys.Real))).TryLock())
	f := faults.On(fsys.Real, always(faults.Fault{Err: syscall.ENOLCK}, faults.OpTryLock))
	if err := lock.NewSoft(path, lock.InHost(worldOf(f))).TryLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("%v, want ErrHeld", err)
	}
}
