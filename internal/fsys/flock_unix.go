//go:build darwin || dragonfly || freebsd || illumos || (linux && !filelock_fcntl) || netbsd || openbsd

package fsys

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const locksBelongToFile = true

func (f *file) TryLock(mode LockMode) error { return f.flock(mode, syscall.LOCK_NB) }

func (f *file) Lock(mode LockMode) error { return f.flock(mode, 0) }

func (f *file) flock(mode LockMode, wait int) error {
	how := syscall.LOCK_SH
	if mode == Exclusive {
		how = syscall.LOCK_EX
	}
	// Not unix.Flock: it is missing on illumos.
	err := ignoringEINTR(func() error { return syscall.Flock(f.fd, how|wait) })
	switch {
	case err == nil:
		f.locked = true
		return nil
	case err == unix.EWOULDBLOCK, err == unix.EACCES && f.onSMB():
		return f.error("flock", ErrLocked)
	}
	return f.error("flock", err)
}

// onSMB: there the server refuses a byte range lock, for which flock stands,
// with STATUS_LOCK_NOT_GRANTED, and Linux's client makes EACCES of it
// (fs/smb/client/smb2maperror.c; flock(2), "CIFS details"). Anywhere else
// EACCES is a refusal by the system, not by a holder.
func (f *file) onSMB() bool {
	c, err := f.Class()
	return err == nil && (c.Type == "smb2" || c.Type == "cifs" || c.Type == "smb" || c.Type == "smbfs")
}

func (f *file) Unlock() error {
	err := f.do("flock", func() error { return syscall.Flock(f.fd, syscall.LOCK_UN) })
	if err == nil {
		f.locked = false
	}
	return err
}

func (f *file) closeFD(fd int) error { return closeFD(fd) }

func (d *dir) spareFD(string, OpenFlag) (fd int, ok bool) { return -1, false }

// Dup leaves the duplicate blocking, as a program that inherits it expects.
// The flag belongs to the open file, so it is cleared for this descriptor too,
// which has no use for it after the open.
func (f *file) Dup() (*os.File, error) {
	fd, err := dupFD(f.fd)
	if err != nil {
		return nil, f.error("dup", err)
	}
	f.shared = true
	if err := unix.SetNonblock(fd, false); err != nil {
		_ = unix.Close(fd) // the error before is the one that matters
		return nil, f.error("dup", err)
	}
	return os.NewFile(uintptr(fd), f.path()), nil
}
