package lock

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// still is a world whose clock stands still: no hold lasts too long to be handed
// over.
func still() Option {
	w := host.Real.With(fsys.Real)
	now := time.Now()
	w.Now = func() time.Time { return now }
	return InHost(w)
}

// A waiter leaves in the moment in which it is given a hard lock.
func TestAWaiterThatLeavesDropsWhatItWasGiven(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	in := still()
	a, b, c := NewFile(path, in), NewFile(path, in), NewFile(path, in)
	must(t, a.Lock(context.Background()))
	w := queues.join(&b.handle, exclusive)
	must(t, a.Unlock())
	if err := c.TryLock(); !errors.Is(err, ErrHeld) {
		t.Fatalf("it was not handed over: %v", err)
	}
	queues.leave(w)
	must(t, c.TryLock())
	must(t, c.Unlock())
	must(t, AtRest(path))
}

// slowDir is a directory of a filesystem that may hang: Lstat does not return
// before go.
type slowDir struct {
	fsys.Dir
	entered, goOn chan struct{}
}

func (d slowDir) Lstat(name string) (fsys.Info, error) {
	close(d.entered)
	<-d.goOn
	return d.Dir.Lstat(name)
}

// handedOver is an attempt with a hard lock that was handed over.
func handedOver(t *testing.T, path string) *try {
	t.Helper()
	in := still()
	a, b := NewFile(path, in), NewFile(path, in)
	must(t, a.Lock(context.Background()))
	w := queues.join(&b.handle, exclusive)
	must(t, a.Unlock())
	_, let := queues.turn(w)
	queues.leave(w)
	if let == nil {
		t.Fatal("it was not handed over")
	}
	return &try{mode: exclusive, how: inTurn, let: let}
}

// An attempt that runs in a goroutine of its own uses up what it was given, also
// when the path names another file by then: what is left is no lock any more.
func TestAnAttemptUsesUpWhatItWasGiven(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	try := handedOver(t, path)
	must(t, emulation.Remove(path))
	other := NewFile(path)
	must(t, other.TryLock())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	h := &NewFile(path).handle
	hd, st, err := h.bounded(ctx, try)
	if hd != nil || st == nil && !errors.Is(err, errGate) || err != nil && !errors.Is(err, errGate) {
		t.Errorf("hold %v, status %v, error %v; want held by another", hd, st, err)
	}
	if try.let != nil {
		t.Error("a file that is closed counts as the lock")
	}
	try.drop(h)
	must(t, other.Unlock())
}

// An attempt that nobody waits for any more takes with it what it was given, and
// lets it go in the end.
func TestAnAttemptThatIsLeftDropsWhatItWasGiven(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	try := handedOver(t, path)
	h := &NewFile(path, InHost(host.Real.With(fsys.Real))).handle
	slow := slowDir{h.dir, make(chan struct{}), make(chan struct{})}
	h.dir = slow
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, _, err := h.bounded(ctx, try)
		done <- err
	}()
	<-slow.entered
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	if try.let != nil {
		t.Error("the caller still has what the attempt uses")
	}
	other := NewFile(path)
	if err := other.TryLock(); !errors.Is(err, ErrHeld) {
		t.Errorf("beside the attempt: %v, want ErrHeld", err)
	}
	close(slow.goOn)
	must(t, other.Lock(context.Background()))
	must(t, other.Unlock())
}
