package fsys

import "golang.org/x/sys/unix"

// touch writes the first byte over itself: there is no call in package unix
// that sets the times of a descriptor. An empty file stays as it is.
func touch(fd int) error {
	var b [1]byte
	n, err := unix.Pread(fd, b[:], 0)
	if err != nil || n == 0 {
		return err
	}
	_, err = unix.Pwrite(fd, b[:], 0)
	return err
}
