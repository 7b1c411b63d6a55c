package fsys

import (
	"io/fs"
	"syscall"
)

// Close closes the descriptor at a moment when no child can have a copy of it.
//
// A child has copies of all descriptors from fork to exec, close-on-exec or
// not, and the kernel lock lives as long as the last copy. In Go, on Linux, a
// child is made with CLONE_VFORK: the parent's thread goes on, and
// syscall.ForkLock is released, only when the child has called exec or exited
// (syscall.forkExec). So a reader of ForkLock knows that there is no child in
// between, and none comes into being until it lets go. It waits for children
// that are just being started, microseconds as a rule, as long as the exec of
// a program takes otherwise.
//
// Not covered are a child started in a new user namespace (no CLONE_VFORK), a
// fork in C code, and the one child that package os makes before its first
// process, to try pidfds out; there the lock may end a moment after Close
// returns. To drop it first, as on other systems, would cover these and cost
// every lock a system call.
func (f *file) Close() error {
	fd := f.fd
	if fd == closedFD {
		return f.error("close", fs.ErrClosed)
	}
	f.fd, f.locked = closedFD, false
	syscall.ForkLock.RLock()
	err := closeFD(fd)
	syscall.ForkLock.RUnlock()
	if err != nil {
		return f.error("close", err)
	}
	return nil
}
