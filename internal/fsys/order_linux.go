package fsys

import (
	"io"

	"golang.org/x/sys/unix"
)

const orderLocks = true

// orderAt is the byte of the order lock, where no program that locks a part of
// a file has business. One that locks the whole of it with fcntl does take it;
// so the order lock is never waited for alone.
const orderAt = 1<<62 + 1

// OrderLock takes an open file description lock (fcntl_locking(2)). It belongs
// to the open file like that of flock, and neither sees the other.
func (f *file) OrderLock(mode LockMode, wait bool) error {
	typ, cmd := int16(unix.F_RDLCK), unix.F_OFD_SETLK
	if mode == Exclusive {
		typ = unix.F_WRLCK
	}
	if wait {
		cmd = unix.F_OFD_SETLKW
	}
	switch err := f.order(cmd, &unix.Flock_t{Type: typ}); err {
	case nil:
		return nil
	case unix.EACCES, unix.EAGAIN:
		return f.error("fcntl", ErrLocked)
	default:
		return f.error("fcntl", err)
	}
}

func (f *file) OrderUnlock() error {
	if err := f.order(unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_UNLCK}); err != nil {
		return f.error("fcntl", err)
	}
	return nil
}

func (f *file) OrderHeld() (bool, error) {
	l := unix.Flock_t{Type: unix.F_WRLCK}
	if err := f.order(unix.F_OFD_GETLK, &l); err != nil {
		return false, f.error("fcntl", err)
	}
	return l.Type != unix.F_UNLCK, nil
}

func (f *file) order(cmd int, l *unix.Flock_t) error {
	l.Whence, l.Start, l.Len = io.SeekStart, orderAt, 1
	for {
		if err := unix.FcntlFlock(uintptr(f.fd), cmd, l); err != unix.EINTR {
			return err
		}
	}
}
