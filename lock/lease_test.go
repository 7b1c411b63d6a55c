package lock_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
)

// netWorld is a directory that several machines treat as one over a network, and
// a clock that is set by hand.
type netWorld struct {
	path string
	now  atomic.Int64
}

func newNetWorld(t *testing.T) *netWorld {
	w := &netWorld{path: tempPath(t)}
	w.now.Store(int64(time.Hour))
	return w
}

func (w *netWorld) pass(d time.Duration) { w.now.Add(int64(d)) }

func (w *netWorld) uptime() time.Duration { return time.Duration(w.now.Load()) }

// machine is a process on the nth machine.
func (w *netWorld) machine(n int, f fsys.FS) *host.Host {
	h := host.Real.With(f)
	h.Uptime, h.Sleep, h.Renews, h.Wakes = w.uptime, w.pass, false, false
	who := meta.Self()
	who.BootID = fmt.Sprintf("00000000-0000-4000-8000-%012d", n)
	who.Instance = uuid.NewString()
	h.Self = func() meta.Identity { return who }
	return h
}

// soft is a handle of the nth machine.
func (w *netWorld) soft(n int, opts ...lock.Option) *lock.Soft {
	return lock.NewSoft(w.path, append([]lock.Option{lock.WithNetwork(), lock.InHost(w.machine(n, fsys.Real))}, opts...)...)
}

// takesOver watches the lock until its lease is over, and takes it.
func (w *netWorld) takesOver(t *testing.T, l *lock.Soft) {
	t.Helper()
	for range 12 {
		if l.TryLock() == nil {
			return
		}
		w.pass(20 * time.Second)
	}
	t.Fatal("the lock was never taken over")
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// leased are the two ways in which a soft lock has a lease.
var leased = map[string][]lock.Option{
	"network": {lock.WithNetwork(), lock.WithLease(60 * time.Second)},
	"local":   {lock.WithLease(60 * time.Second)},
}

// The clock alone ends a lease: no timer has gone off here, for there is none.
func TestALeaseIsOverByTheClock(t *testing.T) {
	for name, opts := range leased {
		t.Run(name, func(t *testing.T) {
			w := newNetWorld(t)
			ctx := context.Background()
			l := lock.NewSoft(w.path, append(opts, lock.InHost(w.machine(1, fsys.Real)))...)
			for range 3 {
				must(t, l.TryLock())
			}
			lost := l.Lost()
			w.pass(60*time.Second - 1)
			if !l.Locked() || closed(lost) {
				t.Error("lost before the lease was over")
			}
			w.pass(1)
			if l.Locked() || !closed(lost) || !closed(l.Lost()) {
				t.Error("held although the lease is over")
			}
			for what, err := range map[string]error{"Lock": l.Lock(ctx), "TryLock": l.TryLock()} {
				if !errors.Is(err, lock.ErrLost) {
					t.Errorf("%s: %v, want ErrLost", what, err)
				}
			}
			for i := range 3 {
				if err := l.Unlock(); !errors.Is(err, lock.ErrLost) {
					t.Errorf("Unlock %d: %v, want ErrLost", i+1, err)
				}
			}
			if err := l.Unlock(); !errors.Is(err, lock.ErrNotLocked) {
				t.Errorf("Unlock once more: %v, want ErrNotLocked", err)
			}
			if left, err := os.ReadDir(filepath.Dir(w.path)); err != nil || len(left) > 0 {
				t.Errorf("what nobody has is left there: %v, %v", left, err)
			}
			must(t, l.TryLock())
			if !l.Locked() || closed(l.Lost()) {
				t.Error("the handle is not as new")
			}
			must(t, l.Unlock())
		})
	}
}

// Each way to ask is the first to look at the clock.
func TestWhoeverAsksFirstLearnsOfTheEnd(t *testing.T) {
	for name, is := range map[string]func(l *lock.Soft, lost <-chan struct{}) bool{
		"Locked": func(l *lock.Soft, lost <-chan struct{}) bool { return !l.Locked() && closed(lost) },
		"Lost":   func(l *lock.Soft, lost <-chan struct{}) bool { return closed(l.Lost()) && closed(lost) },
		"TryLock": func(l *lock.Soft, lost <-chan struct{}) bool {
			return errors.Is(l.TryLock(), lock.ErrLost) && closed(lost)
		},
		"Unlock": func(l *lock.Soft, lost <-chan struct{}) bool {
			return errors.Is(l.Unlock(), lock.ErrLost) && closed(lost)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newNetWorld(t)
			l := w.soft(1)
			must(t, l.TryLock())
			lost := l.Lost()
			w.pass(time.Minute)
			if !is(l, lost) {
				t.Error("it does not know that the lease is over")
			}
			_ = l.ForceUnlock()
		})
	}
}

func TestDoEndsWithTheLease(t *testing.T) {
	w := newNetWorld(t)
	l := w.soft(1)
	err := lock.Do(context.Background(), l, func(ctx context.Context) error {
		w.pass(time.Minute)
		if l.Locked() {
			t.Error("held although the lease is over")
		}
		<-ctx.Done()
		if !errors.Is(context.Cause(ctx), lock.ErrLost) {
			t.Errorf("the cause is %v", context.Cause(ctx))
		}
		return nil
	})
	if !errors.Is(err, lock.ErrLost) {
		t.Errorf("Do returned %v", err)
	}
}

// An owner that was paused until another took the lock over touches nothing of
// the other's, however deeply it was nested and however it lets go.
func TestTheSuccessorsFileIsNotTouched(t *testing.T) {
	for name, letGo := range map[string]func(l *lock.Soft) error{
		"Unlock":      func(l *lock.Soft) error { return errors.Join(l.Unlock(), l.Unlock()) },
		"ForceUnlock": func(l *lock.Soft) error { return l.ForceUnlock() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newNetWorld(t)
			old, young := w.soft(1, lock.WithFence()), w.soft(2, lock.WithFence())
			must(t, old.TryLock())
			must(t, old.TryLock())
			w.takesOver(t, young)
			if old.Locked() {
				t.Error("two owners at once")
			}
			if young.Fence() <= old.Fence() {
				t.Errorf("the fence was %d and is %d", old.Fence(), young.Fence())
			}
			before, err := os.Stat(w.path)
			must(t, err)
			text, err := os.ReadFile(w.path)
			must(t, err)
			if err := letGo(old); !errors.Is(err, lock.ErrLost) {
				t.Errorf("%v, want ErrLost", err)
			}
			after, err := os.Stat(w.path)
			must(t, err)
			now, err := os.ReadFile(w.path)
			must(t, err)
			if !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) || string(now) != string(text) {
				t.Error("the successor's file was changed")
			}
			if err := old.TryLock(); !errors.Is(err, lock.ErrHeld) {
				t.Errorf("the old handle is not as new: %v", err)
			}
			must(t, young.Unlock())
		})
	}
}

// The longest lease that there is lasts: nothing of the reckoning overflows.
func TestTheLongestLeaseLasts(t *testing.T) {
	for name, network := range map[string]lock.Option{"local": lock.WithFence(), "network": lock.WithNetwork()} {
		for _, d := range []time.Duration{math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64 / 2, 100 * 365 * 24 * time.Hour} {
			t.Run(fmt.Sprint(name, " ", d), func(t *testing.T) {
				w := newNetWorld(t)
				l := lock.NewSoft(w.path, network, lock.WithLease(d), lock.InHost(w.machine(1, fsys.Real)))
				must(t, l.TryLock())
				other := lock.NewSoft(w.path, network, lock.InHost(w.machine(2, fsys.Real)))
				for range 8 {
					if !l.Locked() {
						t.Fatal("it was lost at once")
					}
					if err := other.TryLock(); !errors.Is(err, lock.ErrHeld) {
						t.Fatalf("another got %v", err)
					}
					w.pass(24 * time.Hour)
				}
				must(t, l.Unlock())
			})
		}
	}
}
