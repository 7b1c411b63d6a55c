//go:build unix

package faults_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// netWorld is a directory treated as one over a network, with a clock that is set by
// hand: leases and graces run out when the test says so.
type netWorld struct {
	path string
	now  time.Duration
}

// machine is a process on the nth machine.
func (w *netWorld) machine(n int, fs fsys.FS) *host.Host {
	h := worldOf(fs)
	h.Uptime = func() time.Duration { return w.now }
	h.Sleep = func(d time.Duration) { w.now += d }
	h.Renews = false
	self := h.Self
	h.Self = func() meta.Identity {
		id := self()
		id.BootID = fmt.Sprintf("00000000-0000-4000-8000-%012d", n)
		id.Instance = fmt.Sprintf("00000000-0000-4000-9000-%012d", n)
		return id
	}
	return h
}

func (w *netWorld) soft(h *host.Host) *lock.Soft {
	return lock.NewSoft(w.path, lock.WithNetwork(), lock.WithFence(), lock.InHost(h))
}

// A lock over a network is taken and released, or a dead owner's broken and
// taken, and one of the calls fails or its answer is lost. Either the lock is
// held and the file says so, or it is not; nobody else's file is touched; another
// machine gets the lock at once where nothing is left, and when what is left has
// run out otherwise; and nothing is left at last but the fence.
func TestEveryCallOverANetworkFailsOnce(t *testing.T) {
	for _, start := range []string{"nothing", "expired", "expired, and a guard too"} {
		t.Run(start, func(t *testing.T) {
			var errs []error
			calls := netRun(t, start, nil, &errs)
			for _, c := range calls {
				for _, wrong := range wrongs(c) {
					netRun(t, start, func(now faults.Call) faults.Fault {
						if now.N == c.N {
							return wrong
						}
						return faults.Fault{}
					}, &errs, fmt.Sprintf("call %d, %s, %s", c.N, c.Op, describe(wrong)))
				}
			}
			if len(calls) < 8 {
				t.Errorf("only %d calls", len(calls))
			}
			report(t, errs)
		})
	}
}

func netRun(t *testing.T, start string, decide func(faults.Call) faults.Fault, errs *[]error, schedule ...string) []faults.Call {
	dir := t.TempDir()
	w := &netWorld{path: filepath.Join(dir, "job.lock"), now: time.Hour}
	fail := func(format string, args ...any) {
		*errs = append(*errs, fmt.Errorf("%s: %s: "+format, append([]any{start, schedule}, args...)...))
	}
	f := faults.On(fsys.Real, nil)
	h := w.machine(1, f)
	var tokens []string
	h.NewToken = func() string {
		tokens = append(tokens, uuid.NewString())
		return tokens[len(tokens)-1]
	}
	l := w.soft(h)
	if start != "nothing" {
		dead := w.machine(3, fsys.Real)
		must(t, w.soft(dead).TryLock())
		if strings.Contains(start, "guard") {
			must(t, os.Rename(w.path, filepath.Join(dir, ".job.lock.1.guard")))
			must(t, w.soft(w.machine(4, fsys.Real)).TryLock())
		}
		for range 4 { // it is watched
			for _, path := range []string{w.path, filepath.Join(dir, ".job.lock.1.guard")} {
				_, err := reaper.In(h).AsNetwork(true).Inspect(context.Background(), path)
				must(t, err)
			}
			w.now += 30 * time.Second
		}
	}
	before := len(f.Calls())
	f.Decide(func(c faults.Call) faults.Fault {
		if c.N -= before; decide == nil {
			return faults.Fault{}
		}
		return decide(c)
	})
	err := l.TryLock()
	if l.Locked() != (err == nil) {
		fail("Locked is %v after %v", l.Locked(), err)
	}
	if err == nil {
		b, rerr := os.ReadFile(w.path)
		must(t, rerr)
		if rec, _ := l.Record(); meta.Parse(b).Record == nil || meta.Parse(b).Record.Token != rec.Token {
			fail("it is locked, and the file is %q", b)
		}
		if err := w.soft(w.machine(2, fsys.Real)).TryLock(); !errors.Is(err, lock.ErrHeld) {
			fail("another machine is told %v", err)
		}
		if err := l.Unlock(); errors.Is(err, lock.ErrLost) {
			fail("nobody took the lock away: %v", err)
		}
	}
	var calls []faults.Call
	for _, c := range f.Calls()[before:] {
		c.N -= before
		calls = append(calls, c)
	}
	f.Decide(nil)
	if open := f.Open(); len(open) > 0 {
		fail("left open: %q", open)
	}
	for _, token := range tokens {
		if h.Tokens.Has(token) {
			fail("the process counts acquisition %s as its own for ever", token)
		}
	}
	other := w.machine(2, fsys.Real)
	fresh := w.soft(other)
	err = fresh.TryLock()
	for tries := 0; err != nil && tries < 20; tries++ {
		w.now += 20 * time.Second
		err = fresh.TryLock()
	}
	if err != nil {
		fail("another machine never gets the lock: %v", err)
	} else if err := fresh.Unlock(); err != nil {
		fail("another machine does not keep the lock: %v", err)
	}
	for range 8 {
		for o := range reaper.In(other).Reap(context.Background(), dir, reaper.Options{Network: true}) {
			if o.Err != nil {
				fail("reap: %v", o.Err)
			}
		}
		w.now += 20 * time.Second
	}
	left, rerr := os.ReadDir(dir)
	must(t, rerr)
	for _, e := range left {
		if e.Name() != ".job.lock.fence" {
			fail("%s is left", e.Name())
		}
	}
	return calls
}
