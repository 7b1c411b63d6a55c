//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// thread is the reference, flock(2) that blocks, for a caller whose wait can be
// cancelled. Nobody can call back a thread that is blocked. So it is another
// goroutine's, and the caller waits for that one, for his context, and for a
// timer, for a lock that the kernel does not tell of. The goroutine is kept from
// wait to wait: a new one for each was 5 to 10 % slower, and one with a thread
// of its own, by runtime.LockOSThread, half as quick. Who finds the lock free
// does without it.
type thread struct {
	bareFlock
	look    *time.Timer
	blocked chan int   // what to lock
	done    chan error // that it is locked
}

// lookAgain is the pause before a look that nothing has called for.
const lookAgain = time.Minute

func openThread(path string) (locker, error) {
	look := time.NewTimer(lookAgain)
	look.Stop()
	return &thread{bareFlock: bareFlock{path: path, fd: -1}, look: look}, nil
}

func (l *thread) lock(ctx context.Context) error {
	fd, err := openBare(l.path)
	if err != nil {
		return err
	}
	switch err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err {
	case nil:
		l.fd = fd
		return nil
	case unix.EWOULDBLOCK:
		return l.wait(ctx, fd)
	default:
		return errors.Join(fmt.Errorf("flock %q: %w", l.path, err), unix.Close(fd))
	}
}

func (l *thread) wait(ctx context.Context, fd int) error {
	if l.blocked == nil {
		l.blocked, l.done = make(chan int, 1), make(chan error, 1)
		go block(l.blocked, l.done)
	}
	l.blocked <- fd
	l.look.Reset(lookAgain)
	defer l.look.Stop()
	for {
		select {
		case err := <-l.done:
			if err != nil {
				return errors.Join(fmt.Errorf("flock %q: %w", l.path, err), unix.Close(fd))
			}
			l.fd = fd
			return nil
		case <-l.look.C: // the thread sees all that there is to see here
			l.look.Reset(lookAgain)
		case <-ctx.Done():
			l.abandon(fd)
			return ctx.Err()
		}
	}
}

// abandon leaves the goroutine behind, which is blocked: what it is granted is
// dropped at once.
func (l *thread) abandon(fd int) {
	done := l.done
	close(l.blocked)
	l.blocked, l.done = nil, nil
	go func() {
		<-done
		_ = unix.Close(fd)
	}()
}

func block(blocked <-chan int, done chan<- error) {
	for fd := range blocked {
		done <- blockingFlock(fd)
	}
}
