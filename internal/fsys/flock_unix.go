//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package fsys

import (
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
