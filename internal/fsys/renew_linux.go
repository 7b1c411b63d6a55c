package fsys

import (
	"golang.org/x/sys/unix"
)

// touch is futimens(fd, NULL): both times are set to now by whose clock the
// filesystem goes by, which over NFS is the server's (SETATTR with
// SET_TO_SERVER_TIME, RFC 1813 and 8881).
func touch(fd int) error {
	_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, 0, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
