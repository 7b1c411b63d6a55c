package lock

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
)

// The row "lost, n unlocks outstanding" of the contract's table. Nothing in
// this version loses a lock before its last Unlock, so the loss is made here.
func TestALostHandleSaysSoUntilItsLastUnlock(t *testing.T) {
	l := NewSoft(filepath.Join(t.TempDir(), "x"))
	ctx := context.Background()
	for range 3 {
		if err := l.Lock(ctx); err != nil {
			t.Fatal(err)
		}
	}
	lost := l.Lost()
	l.mu.Lock()
	l.hold.lose()
	l.hold.lose() // twice is once
	l.mu.Unlock()
	if l.Locked() {
		t.Error("Locked is true")
	}
	select {
	case <-lost:
	default:
		t.Error("Lost is open")
	}
	if l.Lost() != lost {
		t.Error("Lost is another channel now")
	}
	for name, err := range map[string]error{"Lock": l.Lock(ctx), "TryLock": l.TryLock()} {
		if !errors.Is(err, ErrLost) {
			t.Errorf("%s: %v, want ErrLost", name, err)
		}
	}
	for i := range 3 {
		if err := l.Unlock(); !errors.Is(err, ErrLost) {
			t.Errorf("Unlock %d: %v, want ErrLost", i, err)
		}
	}
	if err := l.Unlock(); !errors.Is(err, ErrNotLocked) {
		t.Errorf("after the last Unlock: %v, want ErrNotLocked", err)
	}
	if l.Lost() != nil {
		t.Error("Lost is not nil on a free handle")
	}
	if err := l.Lock(ctx); err != nil {
		t.Errorf("the handle is not as new: %v", err)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
}
