//go:build unix && !linux

package fsys

import (
	"errors"
	"io/fs"
)

// Close drops the kernel lock before it closes the descriptor. Closing alone
// does not do: a child that this process is starting has copies of all
// descriptors from fork to exec, close-on-exec or not, and the lock lives as
// long as the last copy. On these systems syscall.forkExec lets the parent go
// on before the child has called exec, so syscall.ForkLock, which serves on
// Linux, says nothing. A duplicate that was given away on purpose is to keep
// the lock: then it is not dropped.
func (f *file) Close() error {
	if f.fd == closedFD {
		return f.error("close", fs.ErrClosed)
	}
	var uerr error
	if f.locked && !f.shared {
		uerr = f.Unlock()
	}
	fd := f.fd
	f.fd = closedFD
	if err := closeFD(fd); err != nil {
		return errors.Join(uerr, f.error("close", err))
	}
	return uerr
}
