package lock_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/filelock-go/filelock/lock"
)

func typeName(v any) string { return fmt.Sprintf("%T", v) }

func TestDoHoldsTheLockWhileFnRuns(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		l := newLock(path)
		boom := errors.New("boom")
		err := lock.Do(bg, l, func(ctx context.Context) error {
			if err := newLock(path).TryLock(); !errors.Is(err, lock.ErrHeld) {
				t.Errorf("inside: %v, want ErrHeld", err)
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Errorf("Do: %v, want fn's error", err)
		}
		if l.Locked() {
			t.Error("locked after Do")
		}
	})
}

func TestDoUnlocksOnPanicAndGoexit(t *testing.T) {
	for name, end := range map[string]func(){"panic": func() { panic("x") }, "Goexit": runtime.Goexit} {
		l := lock.NewSoft(tempPath(t))
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { _ = recover() }()
			_ = lock.Do(bg, l, func(context.Context) error { end(); return nil })
		}()
		<-done
		if l.Locked() {
			t.Errorf("locked after %s", name)
		}
	}
}

// fake is a Locker of somebody else.
type fake struct {
	lockErr, unlockErr error
	lostc              chan struct{}
	unlocked           int
}

func (f *fake) Lock(context.Context) error { return f.lockErr }
func (f *fake) TryLock() error             { return f.lockErr }
func (f *fake) Unlock() error              { f.unlocked++; return f.unlockErr }
func (f *fake) Locked() bool               { return true }
func (f *fake) Path() string               { return "" }
func (f *fake) Lost() <-chan struct{}      { return f.lostc }

func TestDoUsesOnlyTheInterface(t *testing.T) {
	ctx, stop := context.WithCancel(bg)
	defer stop()
	boom, bang := errors.New("boom"), errors.New("bang")

	f := &fake{lockErr: boom}
	if err := lock.Do(ctx, f, func(context.Context) error { t.Error("fn was called"); return nil }); err != boom {
		t.Errorf("Do: %v, want Lock's error as it is", err)
	}
	if f.unlocked != 0 {
		t.Error("Unlock after a failed Lock")
	}

	f = &fake{unlockErr: bang}
	err := lock.Do(ctx, f, func(context.Context) error { return boom })
	if !errors.Is(err, boom) || !errors.Is(err, bang) || f.unlocked != 1 {
		t.Errorf("Do: %v, %d unlocks; want both errors, one Unlock", err, f.unlocked)
	}

	f = &fake{lostc: make(chan struct{}), unlockErr: lock.ErrLost}
	err = lock.Do(ctx, f, func(ctx context.Context) error {
		close(f.lostc)
		<-ctx.Done()
		return context.Cause(ctx)
	})
	if !errors.Is(err, lock.ErrLost) {
		t.Errorf("Do of a lost lock: %v, want ErrLost", err)
	}

	f = &fake{}
	err = lock.Do(ctx, f, func(inner context.Context) error {
		stop()
		<-inner.Done()
		if errors.Is(context.Cause(inner), lock.ErrLost) {
			t.Error("a cancelled caller is no loss")
		}
		return inner.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Do of a cancelled caller: %v", err)
	}
}
