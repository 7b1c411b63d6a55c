//go:build !filelock_fcntl

package fsys

import (
	"io"

	"golang.org/x/sys/unix"
)

const orderLocks = true

// orderAt is where the two bytes of the order locks are: where no program that
// locks a part of a file has business. One that locks the whole of it with
// fcntl does take them; so they are never waited for alone.
const orderAt = 1<<62 + 1

// OrderLock takes an open file description lock (fcntl_locking(2)). It belongs
// to the open file like that of flock, and neither sees the other.
func (f *file) OrderLock(o Order, mode LockMode, wait bool) error {
	typ, cmd := int16(unix.F_RDLCK), unix.F_OFD_SETLK
	if mode == Exclusive {
		typ = unix.F_WRLCK
	}
	if wait {
		cmd = unix.F_OFD_SETLKW
	}
	switch err := f.order(cmd, &unix.Flock_t{Type: typ, Start: orderAt + int64(o), Len: 1}); err {
	case nil:
		return nil
	case unix.EACCES, unix.EAGAIN:
		return f.error("fcntl", ErrLocked)
	default:
		return f.error("fcntl", err)
	}
}

func (f *file) OrderUnlock() error {
	if err := f.order(unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_UNLCK, Start: orderAt, Len: 2}); err != nil {
		return f.error("fcntl", err)
	}
	return nil
}

func (f *file) OrderHeld(o Order) (bool, error) {
	l := unix.Flock_t{Type: unix.F_WRLCK, Start: orderAt + int64(o), Len: 1}
	if err := f.order(unix.F_OFD_GETLK, &l); err != nil {
		return false, f.error("fcntl", err)
	}
	return l.Type != unix.F_UNLCK, nil
}

func (f *file) order(cmd int, l *unix.Flock_t) error {
	l.Whence = io.SeekStart
	for {
		if err := unix.FcntlFlock(uintptr(f.fd), cmd, l); err != unix.EINTR {
			return err
		}
	}
}
