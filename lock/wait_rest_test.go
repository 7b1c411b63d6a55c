//go:build linux || windows

package lock_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/filelock-go/filelock/lock"
)

func init() {
	// contend KIND PATH ROUNDS: several goroutines lock and unlock, some of their
	// waits are cancelled or time out. It says "done" at the end, and ends then.
	roles["contend"] = func(args []string) error {
		rounds, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		fmt.Println("ready")
		if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
			return err
		}
		var wg sync.WaitGroup
		failed := make(chan error, 4)
		for range 4 {
			wg.Go(func() {
				for range rounds {
					if err := once(args[0], args[1]); err != nil {
						failed <- err
						return
					}
				}
			})
		}
		wg.Wait()
		close(failed)
		if err := <-failed; err != nil {
			return err
		}
		for lock.ParkedAt(args[1]) > 0 {
			time.Sleep(time.Millisecond)
		}
		fmt.Println("done")
		return nil
	}
}

// once locks and unlocks, or gives up waiting.
func once(kind, path string) error {
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	switch rand.N(3) {
	case 0:
		time.AfterFunc(rand.N(2*time.Millisecond), cancel)
	case 1:
		ctx, cancel = context.WithTimeout(ctx, time.Microsecond+rand.N(2*time.Millisecond))
		defer cancel()
	}
	l := newLocker(kind, path)
	switch err := l.Lock(ctx); {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil
	case err != nil:
		return err
	}
	return l.Unlock()
}

// contend starts processes that contend for a lock, a number of times each.
func contend(t *testing.T, n int, kind, path, times string) (all []*process) {
	t.Helper()
	for range n {
		all = append(all, start(t, "contend", kind, path, times))
	}
	for _, p := range all {
		p.say(t, "go")
	}
	return all
}

func TestContentionLeavesNothingBehind(t *testing.T) {
	for _, kind := range orderly {
		t.Run(kind, func(t *testing.T) {
			path := tempPath(t)
			for _, p := range contend(t, 4, kind, path, "25") {
				p.says(t, "done")
			}
			alone(t, path, locksOf(kind)...)
		})
	}
}

// The gate of those who were killed while they waited is there until somebody
// comes who needs one.
func TestTheGateOfTheKilledIsRemovedByTheNext(t *testing.T) {
	path := tempPath(t)
	holder := lock.NewSoft(path)
	must(t, holder.Lock(bg))
	var all [3]*process
	for i := range all {
		all[i] = start(t, "queue", "soft", path)
		until(func() bool { return inOrder(t, "soft", path) == i+1 })
	}
	for _, p := range all {
		p.kill(t)
	}
	must(t, holder.Unlock())
	alone(t, path, ".job.lock.gate")
	l := lock.NewSoft(path)
	must(t, l.Lock(bg)) // the lock is free: nobody is waited for
	must(t, l.Unlock())
	alone(t, path)
}

// A waiter that gives up while it is the next in turn lets the others through.
func TestTheNextInTurnGivesUp(t *testing.T) {
	for _, kind := range orderly {
		t.Run(kind, func(t *testing.T) {
			path := tempPath(t)
			p := start(t, "queue", kind, path)
			p.says(t, "got")
			ctx, cancel := context.WithCancel(bg)
			first := newLocker(kind, path)
			done := make(chan error, 1)
			go func() { done <- first.Lock(ctx) }()
			blocked(t, path)
			next := start(t, "queue", kind, path)
			until(func() bool { return inOrder(t, kind, path) == 2 })
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) || !errors.Is(err, lock.ErrHeld) {
				t.Errorf("cancelled: %v", err)
			}
			p.say(t, "let go")
			next.says(t, "got")
			next.say(t, "let go")
			next.says(t, "out")
			until(func() bool { return lock.ParkedAt(path) == 0 })
			alone(t, path, locksOf(kind)...)
		})
	}
}

// Some of many that contend are killed, wherever they are. The others go on, and
// the last one leaves nothing, whatever the dead have left.
func TestTheKilledDoNotKeepOthersWaiting(t *testing.T) {
	for _, kind := range orderly {
		t.Run(kind, func(t *testing.T) {
			path := tempPath(t)
			all := contend(t, 5, kind, path, "40")
			for _, p := range all[:3] {
				time.Sleep(rand.N(8 * time.Millisecond))
				p.kill(t)
			}
			for _, p := range all[3:] {
				p.says(t, "done")
			}
			l := newLocker(kind, path)
			must(t, l.Lock(bg))
			must(t, l.Unlock())
			alone(t, path, locksOf(kind)...)
		})
	}
}

// Soft and hard locks on one path replace each other's file. Nobody is blocked on
// one that is not there any more.
func TestSoftAndHardLocksWakeEachOther(t *testing.T) {
	path := tempPath(t)
	var all []*process
	for _, kind := range []string{"soft", "file", "soft", "file", "shared"} {
		all = append(all, start(t, "contend", kind, path, "20"))
	}
	for _, p := range all {
		p.say(t, "go")
	}
	for _, p := range all {
		p.says(t, "done")
	}
	l := lock.NewSoft(path)
	must(t, l.Lock(bg))
	must(t, l.Unlock())
	alone(t, path)
}
