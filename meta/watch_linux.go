package meta

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// watchProcess waits through a pidfd, which is readable when every thread of
// the process has ended (pidfd_open(2); pidfd_poll in the kernel's fs/pidfs.c).
// Only poll asks that: read fails with EINVAL, and waitid is for children.
func watchProcess(id Identity) (*Ending, error) {
	fd, err := unix.PidfdOpen(id.PID, 0) // close-on-exec, always
	if err == unix.ESRCH {
		return nil, ErrNoProcess
	}
	// As in look: the other errors say nothing about a process.
	if err != nil {
		return nil, fmt.Errorf("pidfd_open: %w", err)
	}
	err = isStill(id, fd)
	if err == nil {
		// PIDFD_NONBLOCK does the same in one call, since 5.10 only.
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	e, err := newEnding(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return e, nil
}

// isStill asks after the pidfd was opened, so that the answer is about the very
// process that it stays with.
func isStill(id Identity, fd int) error {
	if _, err := hasEnded(fd); err != nil {
		return err // nor could it be waited for
	}
	p := lookThrough(fd, id.PID)
	if p.State == Exited {
		return fmt.Errorf("it has exited: %w", ErrNoProcess)
	}
	return startedElse(id, p.Start)
}

// newEnding waits in the runtime's poller, without a thread.
func newEnding(pidfd *os.File) (*Ending, error) {
	// A file that the poller did not take says so here.
	if err := pidfd.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	raw, err := pidfd.SyscallConn()
	if err != nil {
		return nil, err
	}
	var (
		e      = &Ending{ended: make(chan struct{})}
		closed atomic.Bool
		done   = make(chan struct{})
	)
	go func() {
		defer close(done)
		// The kernel also wakes pollers for nothing, as when the first thread
		// ends before others.
		_ = raw.Read(func(fd uintptr) bool {
			ended, err := hasEnded(int(fd))
			return ended || err != nil
		})
		// Whatever was the reason: who is woken in vain sees it.
		if !closed.Load() {
			close(e.ended)
		}
		_ = pidfd.Close() // fails if closed already
	}()
	e.end = sync.OnceFunc(func() {
		closed.Store(true)
		_ = pidfd.Close() // fails if closed already
		<-done
	})
	return e, nil
}
