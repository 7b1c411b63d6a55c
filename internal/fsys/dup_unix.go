//go:build unix && !aix

package fsys

import "golang.org/x/sys/unix"

func dupFD(fd int) (int, error) {
	for {
		d, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != unix.EINTR {
			return d, err
		}
	}
}
