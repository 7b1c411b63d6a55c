//go:build linux || windows

package lock_test

import (
	"testing"

	"github.com/filelock-go/filelock/lock"
)

// Here and below a waiter is woken by the kernel: the tests have no safety net
// (noNet), so who is not woken waits until they are given up.

// waits starts a call that waits, and returns when its thread is blocked on the
// lock's file.
func waits(t *testing.T, l lock.Locker, path string) (done chan error) {
	t.Helper()
	done = make(chan error, 1)
	go func() { done <- l.Lock(bg) }()
	blocked(t, path)
	return done
}

func TestAReleaseWakes(t *testing.T) {
	for _, c := range []struct{ owner, waiter string }{
		{"soft", "soft"}, {"file", "file"}, {"file", "shared"}, {"shared", "file"}, {"file", "soft"}, {"shared", "soft"}, {"soft", "file"},
	} {
		t.Run(c.waiter+" behind "+c.owner, func(t *testing.T) {
			path := tempPath(t)
			p := start(t, "queue", c.owner, path)
			p.says(t, "got")
			l := newLocker(c.waiter, path)
			done := waits(t, l, path)
			p.say(t, "let go")
			must(t, <-done)
			must(t, l.Unlock())
			alone(t, path, locksOf(c.waiter)...)
		})
	}
}

func TestTheOwnersDeathWakes(t *testing.T) {
	for _, c := range []struct{ owner, waiter string }{
		{"soft", "soft"}, {"file", "file"}, {"file", "shared"}, {"shared", "file"}, {"soft", "file"},
	} {
		t.Run(c.waiter+" behind "+c.owner, func(t *testing.T) {
			path := tempPath(t)
			p := start(t, "hold", c.owner, path)
			l := newLocker(c.waiter, path)
			done := waits(t, l, path)
			p.kill(t)
			must(t, <-done)
			must(t, l.Unlock())
			alone(t, path, locksOf(c.waiter)...)
		})
	}
}

// The last of several readers wakes a writer.
func TestTheLastReaderWakesAWriter(t *testing.T) {
	path := tempPath(t)
	one, two := start(t, "queue", "shared", path), start(t, "queue", "shared", path)
	one.says(t, "got")
	two.says(t, "got")
	l := lock.NewFile(path)
	done := waits(t, l, path)
	one.say(t, "let go")
	one.says(t, "out")
	select {
	case err := <-done:
		t.Fatalf("a writer beside a reader: %v", err)
	default:
	}
	two.say(t, "let go")
	must(t, <-done)
	must(t, l.Unlock())
}

// The parked waiter of a process whose owner is another handle of it.
func TestAReleaseInTheSameProcessWakes(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		holder, l := newLock(path), newLock(path)
		must(t, holder.Lock(bg))
		done := waits(t, l, path)
		must(t, holder.Unlock())
		must(t, <-done)
		must(t, l.Unlock())
		must(t, lock.AtRest(path))
	})
}

// Grant waits as Lock does. Afterwards this process neither has the lock nor
// stands in the way of those who wait for it.
func TestAReleaseWakesAGrant(t *testing.T) {
	path := tempPath(t)
	p := start(t, "queue", "soft", path)
	p.says(t, "got")
	token := make(chan string, 1)
	go func() {
		s, err := lock.Grant(bg, path, p.Process.Pid)
		if err != nil {
			t.Error(err)
		}
		token <- s
	}()
	blocked(t, path)
	p.say(t, "let go")
	s := <-token
	must(t, lock.AtRest(path))
	alone(t, path, "job.lock")
	must(t, lock.Revoke(bg, path, s))
	alone(t, path)
}

// One look is enough to see that the owner has died: the thread that was blocked
// on his file lets go of it before it says so.
func TestTheOwnersDeathIsSeenAtOnce(t *testing.T) {
	path := tempPath(t)
	p := start(t, "hold", "soft", path)
	var buf safeBuffer
	l := lock.NewSoft(path, lock.WithLogger(debugTo(&buf)))
	done := waits(t, l, path)
	p.kill(t)
	must(t, <-done)
	if n := buf.lines(t)["acquired"]["attempt"]; n != 2.0 {
		t.Errorf("acquired at attempt %v, want the second", n)
	}
	must(t, l.Unlock())
}

// Who waited in memory behind another waiter, which now has the lock, goes on to
// wait for the kernel: the lock may end in other ways than by an Unlock here.
func TestTheNextOfAProcessIsBlockedToo(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		holder, first, second := newLock(path), newLock(path), newLock(path)
		must(t, holder.Lock(bg))
		one := make(chan error, 1)
		go func() { one <- first.Lock(bg) }()
		until(func() bool { return lock.Waiting(path) == 1 })
		two := make(chan error, 1)
		go func() { two <- second.Lock(bg) }()
		until(func() bool { return lock.Waiting(path) == 2 })
		must(t, holder.Unlock())
		must(t, <-one)
		blocked(t, path)
		must(t, first.Unlock())
		must(t, <-two)
		must(t, second.Unlock())
	})
}
