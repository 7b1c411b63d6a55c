package fsys

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// dupFD keeps children from being started between the two calls, for x/sys has
// no F_DUPFD_CLOEXEC on AIX.
func dupFD(fd int) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	d, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD, 0)
	if err == nil {
		unix.CloseOnExec(d)
	}
	return d, err
}
