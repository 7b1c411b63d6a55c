package lock_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
)

// deadMount is a filesystem whose calls do not return while gate is closed.
type deadMount struct {
	fsys.FS
	entered chan struct{}
	gate    chan struct{}
}

type deadDir struct {
	fsys.Dir
	m *deadMount
}

func (m *deadMount) At(path string) fsys.Dir { return deadDir{m.FS.At(path), m} }

func (d deadDir) hang() {
	select {
	case d.m.entered <- struct{}{}:
	default:
	}
	<-d.m.gate
}

func (d deadDir) Class() (fsys.Class, error) { d.hang(); return d.Dir.Class() }

func (d deadDir) Create(name string, perm fs.FileMode) (fsys.File, error) {
	d.hang()
	return d.Dir.Create(name, perm)
}

func (d deadDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	d.hang()
	return d.Dir.Open(name, how)
}

func TestLockReturnsAlthoughASystemCallHangs(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		m := &deadMount{FS: fsys.Real, entered: make(chan struct{}, 1), gate: make(chan struct{})}
		world := host.Real.With(m)
		l := newLock(path, lock.InHost(world))

		ctx, cancel := context.WithCancel(bg)
		done := make(chan error)
		go func() { done <- l.Lock(ctx) }()
		<-m.entered
		cancel()
		err := <-done
		var pe *fs.PathError
		if !errors.Is(err, context.Canceled) || errors.Is(err, lock.ErrHeld) || !errors.As(err, &pe) {
			t.Errorf("cancelled: %v", err)
		}
		if err := l.LockWithin(bg, 5*time.Millisecond); !errors.Is(err, lock.ErrTimeout) {
			t.Errorf("timed out: %v, want ErrTimeout", err)
		}

		// The call that was left behind comes back, takes the lock, and must let go.
		close(m.gate)
		must(t, l.Lock(bg))
		must(t, l.Unlock())
		fresh := newLock(path, lock.InHost(world)) // queues behind that call
		must(t, fresh.Lock(t.Context()))
		must(t, fresh.Unlock())
		other := newLock(path)
		must(t, other.Lock(bg))
		must(t, other.Unlock())
		if _, err := os.Lstat(path); typeName(l) == "*lock.Soft" && err == nil {
			t.Error("something was left behind")
		}
	})
}
