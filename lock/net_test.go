package lock_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/filelock-go/filelock/lock"
)

func TestNetworkLockExcludesAndLeavesNothing(t *testing.T) {
	path := tempPath(t)
	a, b := lock.NewSoft(path, lock.WithNetwork()), lock.NewSoft(path, lock.WithNetwork())
	must(t, a.TryLock())
	r, ok := a.Record()
	if !ok || r.LeaseMS != 60_000 || r.KernelLock || r.Kind != "soft" {
		t.Errorf("the record is %+v", r)
	}
	if err := b.TryLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("the second got %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- b.Lock(context.Background()) }()
	must(t, a.Unlock())
	must(t, <-done)
	must(t, b.Unlock())
	left, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	if len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func TestFenceGrowsWithEachAcquisition(t *testing.T) {
	for name, opts := range map[string][]lock.Option{
		"local": {lock.WithFence()}, "network": {lock.WithFence(), lock.WithNetwork()}, "lease": {lock.WithFence(), lock.WithLease(10 * time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			path := tempPath(t)
			for want := uint64(1); want < 4; want++ {
				l := lock.NewSoft(path, opts...)
				must(t, l.Lock(context.Background()))
				r, _ := l.Record()
				if l.Fence() != want || r.Fence != want {
					t.Errorf("fence %d, in the record %d, want %d", l.Fence(), r.Fence, want)
				}
				must(t, l.Unlock())
			}
			plain := lock.NewSoft(path)
			must(t, plain.TryLock())
			if plain.Fence() != 0 {
				t.Error("who does not ask for a fence got one")
			}
			must(t, plain.Unlock())
		})
	}
}
