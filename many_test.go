package filelock_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/lock"
)

// crowd is how many goroutines the race detector leaves us of 10,000: it gives
// up beyond 8128 at a time.
func crowd() int {
	switch {
	case raceDetector:
		return 8000
	case emulation.Wine(): // each of its calls goes to a server, and back
		return 500
	}
	return 10_000
}

var newLock = map[string]func(path string) lock.Locker{
	"Soft": func(path string) lock.Locker { return lock.NewSoft(path) },
	"File": func(path string) lock.Locker { return lock.NewFile(path) },
}

// bothKinds runs a claim that holds for both kinds of lock, and checks that
// nothing is leaked by it.
func bothKinds(t *testing.T, f func(t *testing.T, newLock func(path string) lock.Locker)) {
	for kind, n := range newLock {
		t.Run(kind, func(t *testing.T) {
			if kind == "Soft" {
				needsSoft(t)
			}
			warm := n(tempPath(t)) // what the runtime opens once is no leak
			must(t, warm.Lock(bg))
			must(t, warm.Unlock())
			goroutines, descriptors := runtime.NumGoroutine(), openDescriptors()
			f(t, n)
			eventually(t, fmt.Sprintf("%d goroutines are left, as before", goroutines), func() bool { return runtime.NumGoroutine() <= goroutines })
			eventually(t, fmt.Sprintf("%d descriptors are open, as before", descriptors), func() bool { return openDescriptors() <= descriptors })
		})
	}
}

// openDescriptors counts this process's descriptors, 0 where that is not told.
func openDescriptors() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil || emulation.Wine() { // which has that directory
		return 0
	}
	return len(entries)
}

func TestTenThousandGoroutinesOnOnePathAreInOneAtATime(t *testing.T) {
	bothKinds(t, func(t *testing.T, newLock func(string) lock.Locker) {
		path := tempPath(t)
		var inside, visits atomic.Int32
		var wg sync.WaitGroup
		for range crowd() {
			wg.Go(func() {
				l := newLock(path)
				if err := l.Lock(bg); err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d owners at once", n)
				}
				visits.Add(1)
				inside.Add(-1)
				if err := l.Unlock(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := int(visits.Load()); n != crowd() {
			t.Errorf("%d of %d were in", n, crowd())
		}
	})
}

func TestTenThousandGoroutinesShareOneHandle(t *testing.T) {
	bothKinds(t, func(t *testing.T, newLock func(string) lock.Locker) {
		l := newLock(tempPath(t))
		var in, out sync.WaitGroup
		in.Add(crowd())
		for range crowd() {
			out.Go(func() {
				err := l.Lock(bg)
				in.Done()
				if err != nil {
					t.Error(err)
					return
				}
				in.Wait() // all of them have it at once
				if !l.Locked() {
					t.Error("a goroutine that has not unlocked yet finds the handle not locked")
				}
				if err := l.Unlock(); err != nil {
					t.Error(err)
				}
			})
		}
		out.Wait()
		if err := l.Unlock(); !errors.Is(err, lock.ErrNotLocked) {
			t.Errorf("one Unlock more than there were Locks: %v, want ErrNotLocked", err)
		}
		other := newLock(l.Path())
		must(t, other.TryLock())
		must(t, other.Unlock())
	})
}

func TestAThousandHandlesHoldAThousandPaths(t *testing.T) {
	bothKinds(t, func(t *testing.T, newLock func(string) lock.Locker) {
		dir := t.TempDir()
		n := 1000
		if emulation.Wine() {
			n = 100
		}
		held := make([]lock.Locker, n)
		for i := range held {
			held[i] = newLock(filepath.Join(dir, fmt.Sprint(i)))
			must(t, held[i].Lock(bg))
		}
		for i := 0; i < len(held); i += 50 {
			if err := newLock(held[i].Path()).TryLock(); !errors.Is(err, lock.ErrHeld) {
				t.Fatalf("another handle: %v, want ErrHeld", err)
			}
		}
		for _, l := range held {
			must(t, l.Unlock())
		}
	})
}
