package lock_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
)

// The next goroutine has a soft lock while the last owner still closes its file.
func TestASoftLockIsHadBeforeTheLastFileIsClosed(t *testing.T) {
	was := lock.SetLinger(time.Hour) // nobody is to be woken by the clock
	t.Cleanup(func() { lock.SetLinger(was) })
	path := tempPath(t)
	got := make(chan struct{})
	var closing atomic.Bool
	world := host.Real.With(faults.On(fsys.Real, func(c faults.Call) (f faults.Fault) {
		if c.Op == "close" && closing.CompareAndSwap(true, false) {
			f.First = func() { <-got }
		}
		return f
	}))
	a, b := lock.NewSoft(path, lock.InHost(world)), lock.NewSoft(path, lock.InHost(world))
	must(t, a.Lock(bg))
	done := make(chan error)
	ctx, cancel := context.WithTimeout(bg, 20*time.Second)
	defer cancel()
	go func() {
		err := b.Lock(ctx)
		close(got)
		done <- err
	}()
	for lock.Waiting(path) == 0 {
		time.Sleep(time.Millisecond)
	}
	closing.Store(true)
	must(t, a.Unlock())
	must(t, <-done)
	must(t, b.Unlock())
	must(t, lock.AtRest(path))
}
