package lock_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/filelock-go/filelock/lock"
)

func TestSharedLocks(t *testing.T) {
	path := tempPath(t)
	a, b, w := lock.NewFile(path), lock.NewFile(path), lock.NewFile(path)
	must(t, a.RLock(bg))
	must(t, b.TryRLock())
	if err := w.TryLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("exclusive beside shared: %v, want ErrHeld", err)
	}
	if err := a.Lock(bg); !errors.Is(err, lock.ErrShared) {
		t.Errorf("Lock on a shared hold: %v, want ErrShared", err)
	}
	if err := a.TryLock(); !errors.Is(err, lock.ErrShared) {
		t.Errorf("TryLock on a shared hold: %v, want ErrShared", err)
	}
	if _, ok := a.Record(); ok {
		t.Error("a shared hold has a record")
	}
	must(t, a.Unlock())
	must(t, b.Unlock())
	must(t, w.TryLock())
	must(t, w.RLock(bg)) // nests, and stays exclusive
	if err := a.TryRLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("shared beside exclusive: %v, want ErrHeld", err)
	}
	must(t, w.Unlock())
	if err := a.TryRLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("shared beside exclusive after the inner Unlock: %v, want ErrHeld", err)
	}
	must(t, w.Unlock())
}

func TestRLockerIsTheSharedLock(t *testing.T) {
	path := tempPath(t)
	f, other := lock.NewFile(path), lock.NewFile(path).RLocker()
	r := f.RLocker()
	must(t, r.Lock(bg))
	must(t, other.TryLock())
	if !r.Locked() || !f.Locked() || r.Path() != f.Path() || r.Lost() != f.Lost() {
		t.Error("RLocker is not the same handle")
	}
	must(t, r.Unlock())
	must(t, other.Unlock())
	if f.Locked() {
		t.Error("Unlock of the RLocker left the handle locked")
	}
}

func TestTwoConcurrentLocksOnAFreeHandleTakeItOnce(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		const n = 50
		l := newLock(path)
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				if err := l.Lock(bg); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i := range n {
			if !l.Locked() {
				t.Fatalf("not locked after %d of %d unlocks", i, n)
			}
			must(t, l.Unlock())
		}
		if err := l.Unlock(); !errors.Is(err, lock.ErrNotLocked) {
			t.Errorf("one Unlock more: %v, want ErrNotLocked", err)
		}
	})
}

func TestCancellingOneOfTwoConcurrentLocksDoesNotDisturbTheOther(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		holder, l := newLock(path), newLock(path)
		must(t, holder.Lock(bg))
		ctx, cancel := context.WithCancel(bg)
		first, second := make(chan error), make(chan error)
		go func() { first <- l.Lock(ctx) }()
		go func() { second <- l.Lock(bg) }()
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("the cancelled one: %v", err)
		}
		must(t, holder.Unlock())
		must(t, <-second)
		must(t, l.Unlock())
	})
}

// A waiter on a handle that gets locked nests at once, wherever it stands in
// the path's queue.
func TestWaitersOfOneHandleNestWhenOneOfThemGetsTheLock(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		holder, a, b := newLock(path), newLock(path), newLock(path)
		must(t, holder.Lock(bg))
		got := make(chan *locker, 3)
		wait := func(l *locker) {
			if err := (*l).Lock(bg); err != nil {
				t.Error(err)
			}
			got <- l
		}
		go wait(&a)
		go wait(&b)
		go wait(&a)
		must(t, holder.Unlock())
		counts := map[*locker]int{}
		for range 3 { // each gets it, whichever comes first
			l := <-got
			counts[l]++
			must(t, (*l).Unlock())
		}
		if counts[&a] != 2 || counts[&b] != 1 {
			t.Errorf("counts %d and %d, want 2 and 1", counts[&a], counts[&b])
		}
	})
}

func TestUnlockFromAnotherGoroutine(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		l := newLock(path)
		must(t, l.Lock(bg))
		done := make(chan error)
		go func() { done <- l.Unlock() }()
		must(t, <-done)
	})
}

func TestADroppedHandleKeepsItsLock(t *testing.T) {
	for _, kind := range []string{"soft", "file"} {
		path := tempPath(t)
		start(t, "drop", kind, path)
		if err := newLocker(kind, path).TryLock(); !errors.Is(err, lock.ErrHeld) {
			t.Errorf("%s: after collection: %v, want ErrHeld", kind, err)
		}
	}
}

func TestTwoHandlesExcludeEachOther(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		const goroutines, rounds = 8, 30
		inside, total := 0, 0
		var wg sync.WaitGroup
		for range goroutines {
			wg.Go(func() {
				l := newLock(path)
				for range rounds {
					if err := l.Lock(bg); err != nil {
						t.Error(err)
						return
					}
					inside++ // the race detector is a witness too
					if inside != 1 {
						t.Errorf("%d owners", inside)
					}
					total++
					inside--
					if err := l.Unlock(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if total != goroutines*rounds {
			t.Errorf("total %d, want %d", total, goroutines*rounds)
		}
	})
}

func TestAnotherProcessIsExcluded(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		kind := map[string]string{"*lock.Soft": "soft", "*lock.File": "file"}[typeName(newLock(path))]
		p := start(t, "hold", kind, path)
		err := newLock(path).TryLock()
		var held *lock.HeldError
		if !errors.As(err, &held) || held.Record == nil || held.Record.PID != p.Process.Pid {
			t.Errorf("TryLock: %v, want a HeldError with pid %d", err, p.Process.Pid)
		}
		done := make(chan error)
		l := newLock(path)
		go func() { done <- l.Lock(bg) }()
		p.kill(t)
		must(t, <-done)
		must(t, l.Unlock())
	})
}

func TestWithoutReapingADeadOwnerHolds(t *testing.T) {
	path := tempPath(t)
	start(t, "hold", "soft", path).kill(t)
	err := lock.NewSoft(path, lock.WithoutReaping()).TryLock()
	var held *lock.HeldError
	if !errors.As(err, &held) || held.Judgment.Verdict != "dead" {
		t.Errorf("TryLock: %v, want a HeldError with verdict dead", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("it was removed: %v", err)
	}
	takes(t, lock.NewSoft(path))
}

func TestContentionWithTheLockOneRunsUnderIsSaid(t *testing.T) {
	path := tempPath(t)
	owner := start(t, "try", "soft", path)
	token, err := lock.Grant(bg, path, owner.Process.Pid)
	must(t, err)
	t.Setenv("FILELOCK_TOKEN", token)
	var held *lock.HeldError
	if err := lock.NewSoft(path).TryLock(); !errors.As(err, &held) || !strings.Contains(strings.Join(held.Judgment.Evidence, " "), "FILELOCK_TOKEN") {
		t.Errorf("TryLock: %v, want evidence that names FILELOCK_TOKEN", err)
	}
	must(t, lock.Revoke(bg, path, token))
}
