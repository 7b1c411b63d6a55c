package lock_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
)

// A waiter that may get the lock does not stand behind one that cannot.
func TestAWaiterThatBreaksIsNotBehindOneThatDoesNot(t *testing.T) {
	path := tempPath(t)
	start(t, "hold", "soft", path).kill(t)
	var buf safeBuffer
	patient := lock.NewSoft(path, lock.WithoutReaping(), lock.WithLogger(debugTo(&buf)))
	first := make(chan error, 1)
	go func() { // it may get the lock as soon as the other has broken the dead one
		err := patient.Lock(bg)
		first <- errors.Join(err, patient.Unlock())
	}()
	for buf.lines(t)["waiting"] == nil { // it queues now
		time.Sleep(time.Millisecond)
	}
	breaker := lock.NewSoft(path)
	must(t, breaker.Lock(bg))
	must(t, breaker.Unlock())
	must(t, <-first)
}

func TestAReaderIsNotBehindAWaitingWriter(t *testing.T) {
	path := tempPath(t)
	holder := lock.NewFile(path)
	must(t, holder.RLock(bg))
	var buf safeBuffer
	writer, reader := lock.NewFile(path, lock.WithLogger(debugTo(&buf))), lock.NewFile(path)
	done := make(chan error, 1)
	go func() { done <- writer.Lock(bg) }()
	for buf.lines(t)["waiting"] == nil {
		time.Sleep(time.Millisecond)
	}
	must(t, reader.RLock(bg))
	must(t, reader.Unlock())
	must(t, holder.Unlock())
	must(t, <-done)
	must(t, writer.Unlock())
}

// A shared hold leaves no record: nothing but its kernel lock speaks for it,
// also on the file of a soft lock whose owner has died.
func TestASharedHoldOnADeadOwnersFileCounts(t *testing.T) {
	path := tempPath(t)
	start(t, "hold", "soft", path).kill(t)
	reader := lock.NewFile(path)
	must(t, reader.RLock(bg))
	var held *lock.HeldError
	if err := lock.NewSoft(path).TryLock(); !errors.As(err, &held) || held.Judgment.Verdict != "alive" {
		t.Errorf("TryLock: %v, want held by a live owner", err)
	}
	must(t, reader.Unlock())
	takes(t, lock.NewSoft(path))
}

// A copy of a live soft lock's file says nothing by its kernel lock, to a hard
// lock neither.
func TestAHardLockJudgesACopiedRecord(t *testing.T) {
	path := tempPath(t)
	takes(t, lock.NewSoft(path))
	b, err := os.ReadFile(path)
	must(t, err)
	copied := path + ".copy"
	must(t, os.WriteFile(copied, b, 0o644))
	for _, l := range []locker{lock.NewSoft(copied), lock.NewFile(copied)} {
		if err := l.TryLock(); !errors.Is(err, lock.ErrHeld) {
			t.Errorf("%T: %v, want ErrHeld", l, err)
		}
	}
}

func TestAWaiterInMemoryReturnsAlthoughASystemCallHangs(t *testing.T) {
	m := &deadMount{FS: fsys.Real, entered: make(chan struct{}, 1), gate: make(chan struct{})}
	world := host.Real.With(m)
	path := tempPath(t)
	a, b := lock.NewFile(path, lock.InHost(world)), lock.NewFile(path, lock.InHost(world))
	done := make(chan error, 1)
	go func() { done <- a.Lock(t.Context()) }()
	<-m.entered
	var pe *fs.PathError
	if err := b.LockWithin(bg, 5*time.Millisecond); !errors.Is(err, lock.ErrTimeout) || !errors.As(err, &pe) && !errors.Is(err, lock.ErrHeld) {
		t.Errorf("the second: %v, want ErrTimeout", err)
	}
	close(m.gate)
	must(t, <-done)
	must(t, a.Unlock())
}
