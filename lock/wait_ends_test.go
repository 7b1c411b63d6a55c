//go:build linux || windows

package lock_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
)

// A wait whose thread is blocked ends as any other, while the owner has the lock
// still, and says who that is.
func TestAWaitThatIsBlockedEndsWithItsContext(t *testing.T) {
	cause := errors.New("the user changed their mind")
	for _, kind := range orderly {
		path := tempPath(t)
		p := start(t, "queue", kind, path)
		p.says(t, "got")
		for name, c := range map[string]struct {
			call    func(l locker, cancel context.CancelCauseFunc, ctx context.Context) error
			is      []error
			timeout bool
		}{
			"cancelled": {func(l locker, cancel context.CancelCauseFunc, ctx context.Context) error {
				go func() {
					blocked(t, path)
					until(func() bool { return lock.Waiting(path) == 1 })
					cancel(cause)
				}()
				return l.Lock(ctx)
			}, []error{lock.ErrHeld, context.Canceled, cause}, false},
			"timeout": {func(l locker, _ context.CancelCauseFunc, ctx context.Context) error {
				return l.LockWithin(ctx, 20*time.Millisecond)
			}, []error{lock.ErrHeld, lock.ErrTimeout}, true},
			"deadline": {func(l locker, _ context.CancelCauseFunc, ctx context.Context) error {
				ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
				defer cancel()
				return l.Lock(ctx)
			}, []error{lock.ErrHeld, lock.ErrTimeout, context.DeadlineExceeded}, true},
		} {
			ctx, cancel := context.WithCancelCause(bg)
			err := c.call(newLocker(kind, path).(locker), cancel, ctx)
			cancel(nil)
			for _, want := range c.is {
				if !errors.Is(err, want) {
					t.Errorf("%s, %s: %v does not match %v", kind, name, err, want)
				}
			}
			var held *lock.HeldError
			if !errors.As(err, &held) || held.Timeout() != c.timeout || held.Record == nil || held.Record.PID != p.Process.Pid {
				t.Errorf("%s, %s: %v, want a HeldError that names pid %d", kind, name, err, p.Process.Pid)
			}
		}
		must(t, lock.AtRest(path))
		p.say(t, "let go")
	}
}

// However short the wait in memory was, the error says who has the lock.
func TestAWaitInMemorySaysWhoHasTheLock(t *testing.T) {
	was := lock.SetLinger(noNet)
	defer lock.SetLinger(was)
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		holder := newLock(path)
		must(t, holder.Lock(bg))
		var held *lock.HeldError
		if err := newLock(path).LockWithin(bg, time.Nanosecond); !errors.As(err, &held) || held.Record == nil || held.Judgment.Verdict != "alive" {
			t.Errorf("%v: record %+v", err, held)
		}
		must(t, holder.Unlock())
	})
}

// Being woken again and again for nothing does not put the safety net off.
func TestBeingWokenForNothingDoesNotPutTheNetOff(t *testing.T) {
	withNet(t, 20*time.Millisecond)
	path := tempPath(t)
	holder := lock.NewFile(path)
	must(t, holder.Lock(bg))
	p := start(t, "queue", "file", path) // it is before us, and stopped
	blocked(t, path)
	stop(t, p)
	must(t, holder.Unlock())
	l := lock.NewFile(path)
	done := make(chan error, 1)
	go func() { done <- l.Lock(bg) }()
	var over atomic.Bool
	go func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
		over.Store(true)
	}()
	for !over.Load() { // readers come and go, and each wakes the writer
		reader := lock.NewFile(path)
		if reader.TryRLock() == nil {
			must(t, reader.Unlock())
		}
		time.Sleep(time.Millisecond)
	}
	must(t, l.Unlock())
	goOn(t, p)
	p.says(t, "got")
	p.say(t, "let go")
	p.says(t, "out")
	until(func() bool { return lock.ParkedAt(path) == 0 })
}

// Where files have no Lock that waits, waiters look.
func TestWhereNothingWakesWaitersLook(t *testing.T) {
	world := host.Real.With(fsys.Real)
	world.Wakes = false
	for _, kind := range []string{"soft", "file", "shared"} {
		t.Run(kind, func(t *testing.T) {
			path := tempPath(t)
			owner := kind
			if kind == "shared" {
				owner = "file"
			}
			p := start(t, "queue", owner, path)
			p.says(t, "got")
			var l lock.Locker
			switch f := lock.NewFile(path, lock.InHost(world)); kind {
			case "soft":
				l = lock.NewSoft(path, lock.InHost(world))
			case "shared":
				l = f.RLocker()
			default:
				l = f
			}
			done := make(chan error, 1)
			go func() { done <- l.Lock(bg) }()
			until(func() bool { return lock.Waiting(path) == 1 })
			if n := lock.ParkedAt(path); n > 0 {
				t.Errorf("%d threads", n)
			}
			p.say(t, "let go")
			must(t, <-done)
			must(t, l.Unlock())
			alone(t, path, locksOf(owner)...)
		})
	}
}

// noLocks is a filesystem on which waiting for a kernel lock fails.
type noLocks struct{ fsys.FS }

type noLocksDir struct{ fsys.Dir }

type noLocksFile struct{ fsys.File }

func (n noLocks) At(path string) fsys.Dir { return noLocksDir{n.FS.At(path)} }

func (d noLocksDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	f, err := d.Dir.Open(name, how)
	if err != nil {
		return nil, err
	}
	return noLocksFile{f}, nil
}

func (noLocksFile) Lock(fsys.LockMode) error { return errFault }

// Waiting for the kernel fails: the waiter looks instead, loses nothing, and says
// why in the log.
func TestWhereBlockingFailsWaitersLook(t *testing.T) {
	for _, kind := range orderly {
		t.Run(kind, func(t *testing.T) {
			path := tempPath(t)
			p := start(t, "queue", kind, path)
			p.says(t, "got")
			var buf safeBuffer
			in, log := lock.InHost(host.Real.With(noLocks{fsys.Real})), lock.WithLogger(debugTo(&buf))
			var l lock.Locker = lock.NewSoft(path, in, log)
			if kind == "file" {
				l = lock.NewFile(path, in, log)
			}
			done := make(chan error, 1)
			go func() { done <- l.Lock(bg) }()
			until(func() bool { return buf.lines(t)["waiting is out of order or slow"] != nil })
			p.say(t, "let go")
			must(t, <-done)
			must(t, l.Unlock())
			p.says(t, "out")
			alone(t, path, locksOf(kind)...)
			if n := openBelow(t, path[:len(path)-len("job.lock")]); n > 0 {
				t.Errorf("%d descriptors are open", n)
			}
		})
	}
}
