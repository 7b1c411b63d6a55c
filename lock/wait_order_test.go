//go:build linux || windows

package lock_test

import (
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/lock"
)

// orderly are the kinds of lock for which processes queue.
var orderly = []string{"soft", "file"}

func TestProcessesGetTheLockInTheOrderOfTheirComing(t *testing.T) {
	emulation.SkipWine(t, "LockFileEx wakes all who wait, and whoever asks first again gets the lock")
	for _, kind := range orderly {
		t.Run(kind, func(t *testing.T) {
			path := tempPath(t)
			holder := newLocker(kind, path)
			must(t, holder.Lock(bg))
			const n = 6
			got := make(chan int, n)
			var all [n]*process
			for i := range all {
				p := start(t, "queue", kind, path)
				until(func() bool { return inOrder(t, kind, path) == i+1 })
				all[i] = p
				go func() {
					if line, err := p.out.ReadString('\n'); err != nil || line != "got\n" {
						i = -1
					}
					got <- i
				}()
			}
			must(t, holder.Unlock())
			for want := range all {
				if i := <-got; i != want {
					t.Fatalf("process %d got it, it was the turn of %d", i, want)
				}
				if err := newLocker(kind, path).TryLock(); err == nil {
					t.Fatal("two owners")
				}
				all[want].say(t, "let go")
			}
			for _, p := range all {
				p.says(t, "out")
			}
			alone(t, path, locksOf(kind)...)
		})
	}
}

// nextIsStopped is a lock that is free, and the process whose turn it is: it was
// stopped while it waited, before the lock was let go.
func nextIsStopped(t *testing.T, kind string) (path string, p *process) {
	t.Helper()
	path = tempPath(t)
	holder := newLocker(kind, path)
	must(t, holder.Lock(bg))
	p = start(t, "queue", kind, path)
	blocked(t, path)
	stop(t, p)
	must(t, holder.Unlock())
	return path, p
}

// Who waits in order is stopped in the moment in which the lock is let go: it is
// free. A newcomer does not take it, he waits behind.
func TestANewcomerDoesNotBarge(t *testing.T) {
	for _, kind := range orderly {
		t.Run(kind, func(t *testing.T) {
			path, p := nextIsStopped(t, kind)
			newcomer := newLocker(kind, path)
			done := make(chan error, 1)
			go func() { done <- newcomer.Lock(bg) }()
			until(func() bool { return inOrder(t, kind, path) == 2 })
			select {
			case err := <-done:
				t.Fatalf("the newcomer did not wait: %v", err)
			default:
			}
			goOn(t, p)
			p.says(t, "got")
			p.say(t, "let go")
			must(t, <-done)
			must(t, newcomer.Unlock())
			p.says(t, "out")
			alone(t, path, locksOf(kind)...)
		})
	}
}

// TryLock does not queue, and so does not give way.
func TestTryLockTakesAFreeLockThatOthersWaitFor(t *testing.T) {
	for _, kind := range orderly {
		path, p := nextIsStopped(t, kind)
		quick := newLocker(kind, path)
		must(t, quick.TryLock())
		must(t, quick.Unlock())
		goOn(t, p)
		p.says(t, "got")
	}
}

// The order orders and never excludes: who holds it and is stopped delays the
// others until their safety net, and no longer.
func TestAStoppedWaiterDoesNotKeepOthersFromTheLock(t *testing.T) {
	for _, kind := range orderly {
		t.Run(kind, func(t *testing.T) {
			withNet(t, pause)
			path, p := nextIsStopped(t, kind)
			l := newLocker(kind, path)
			must(t, l.Lock(bg)) // through the net: p has the order and sleeps
			if inOrder(t, kind, path) == 0 {
				t.Error("nobody was before us: the test shows nothing")
			}
			goOn(t, p)
			must(t, l.Unlock())
			p.says(t, "got")
			p.say(t, "let go")
			p.says(t, "out")
			lock.SetNet(noNet, noNet)
			must(t, l.Lock(bg)) // ends the thread that was left behind
			must(t, l.Unlock())
			until(func() bool { return lock.ParkedAt(path) == 0 })
			alone(t, path, locksOf(kind)...)
		})
	}
}
