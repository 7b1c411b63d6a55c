package lock_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/filelock-go/filelock/lock"
)

// register is a resource that fences protect: it remembers the highest one that
// it has seen, and rejects a lower one. It does so in one step with the write: here
// under a mutex, in a database in one transaction
// (UPDATE ... SET value = ?, fence = ? WHERE fence <= ?).
type register struct {
	mu      sync.Mutex
	highest uint64
	value   string
}

var errOldFence = errors.New("rejected: the fence is old")

func (r *register) write(fence uint64, value string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if fence < r.highest {
		return fmt.Errorf("%w: %d, after %d", errOldFence, fence, r.highest)
	}
	r.highest, r.value = fence, value
	return nil
}

// An owner that is paused for longer than its lease loses the lock, and cannot
// know it before it goes on. What it still writes then, the resource rejects: the
// next owner has a higher fence.
func ExampleWithFence() {
	file, clean := inTemp()
	defer clean()
	var r register

	first := lock.NewSoft(file("job.lock"), lock.WithFence())
	if err := first.Lock(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	old := first.Fence() // taken along with what is to be written
	fmt.Println("first:", r.write(old, "one"))
	if err := first.Unlock(); err != nil { // here it stands for a lease that is over
		fmt.Println(err)
		return
	}

	next := lock.NewSoft(file("job.lock"), lock.WithFence())
	err := lock.Do(context.Background(), next, func(context.Context) error {
		return r.write(next.Fence(), "two")
	})
	fmt.Println("next:", err)

	fmt.Println("first, late:", r.write(old, "three"))
	fmt.Println(r.value)
	// Output:
	// first: <nil>
	// next: <nil>
	// first, late: rejected: the fence is old: 1, after 2
	// two
}

// With a lease, a frozen owner (a stopped process, a suspended laptop) does not
// keep a local lock for ever. The context of [lock.Do] ends with the hold: work
// that heeds it stops before anybody else has the lock.
func ExampleWithLease() {
	file, clean := inTemp()
	defer clean()

	l := lock.NewSoft(file("job.lock"), lock.WithLease(30*time.Second))
	err := lock.Do(context.Background(), l, func(ctx context.Context) error {
		for part := range 3 {
			if ctx.Err() != nil {
				return context.Cause(ctx) // lock.ErrLost
			}
			fmt.Println("part", part) // takes as long as it likes: the lease is renewed meanwhile
		}
		rec, _ := l.Record()
		fmt.Println(time.Duration(rec.LeaseMS) * time.Millisecond)
		return nil
	})
	fmt.Println(err)

	fmt.Println(lock.NewSoft(file("job.lock"), lock.WithLease(time.Second)).TryLock() != nil)
	// Output:
	// part 0
	// part 1
	// part 2
	// 30s
	// <nil>
	// true
}
