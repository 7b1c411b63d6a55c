//go:build unix

package fsys

import (
	"errors"
	"io/fs"
)

// Close drops the kernel lock before it closes the descriptor. Closing alone
// does not do: a child that this process is starting has copies of all
// descriptors, close-on-exec or not, until exec has closed them, and the lock
// lives as long as the last copy.
//
// Holding syscall.ForkLock while closing is no remedy, not even on Linux where
// package syscall starts children with CLONE_VFORK: the kernel lets the parent
// go on when the child gives up the parent's memory, and closes the child's
// descriptors after that (begin_new_exec in fs/exec.c: exec_mmap comes before
// do_close_on_exec). By then ForkLock is free. Measured on Linux 6.18: the next
// owner is refused now and then, for as long as the child is not scheduled.
//
// A duplicate that was given away on purpose is to keep the lock: then it is
// not dropped.
func (f *file) Close() error {
	if f.fd == closedFD {
		return f.error("close", fs.ErrClosed)
	}
	var uerr error
	if f.locked && !f.shared {
		uerr = f.Unlock()
	}
	return errors.Join(uerr, f.CloseOnly())
}

func (f *file) CloseOnly() error {
	if f.fd == closedFD {
		return f.error("close", fs.ErrClosed)
	}
	err := f.closeFD(f.fd)
	f.fd = closedFD
	if err != nil {
		return f.error("close", err)
	}
	return nil
}
