//go:build aix || (solaris && !illumos)

package fsys

import (
	"io"

	"golang.org/x/sys/unix"
)

// These systems have no flock. Their fcntl locks belong to the process, and
// every one on a file is dropped when the process closes any descriptor of
// that file (fcntl(2)).
const locksBelongToFile = false

// TryLock takes an fcntl lock on the whole file. Exclusive needs a descriptor
// open for writing (EBADF otherwise).
func (f *file) TryLock(mode LockMode) error { return f.fcntl(mode, unix.F_SETLK) }

func (f *file) Lock(mode LockMode) error { return f.fcntl(mode, unix.F_SETLKW) }

func (f *file) fcntl(mode LockMode, how int) error {
	typ := int16(unix.F_RDLCK)
	if mode == Exclusive {
		typ = unix.F_WRLCK
	}
	err := f.setlk(typ, how)
	switch err {
	case nil:
		f.locked = true
		return nil
	case unix.EACCES, unix.EAGAIN: // POSIX allows both
		return f.error("fcntl", ErrLocked)
	}
	return f.error("fcntl", err)
}

func (f *file) Unlock() error {
	if err := f.setlk(unix.F_UNLCK, unix.F_SETLK); err != nil {
		return f.error("fcntl", err)
	}
	f.locked = false
	return nil
}

func (f *file) setlk(typ int16, how int) error {
	return ignoringEINTR(func() error {
		return unix.FcntlFlock(uintptr(f.fd), how, &unix.Flock_t{Type: typ, Whence: io.SeekStart})
	})
}
