package fsys

import (
	"fmt"

	"golang.org/x/sys/unix"
)

func classOfPath(path string) (Class, error) {
	var s unix.Statfs_t
	err := unix.Statfs(path, &s)
	return aixClass(&s), err
}

func classOfFile(fd int) (Class, error) {
	var s unix.Statfs_t
	err := unix.Fstatfs(fd, &s)
	return aixClass(&s), err
}

// aixClass only repeats the number of the type (sys/vmount.h). Whether it is
// local makes no difference where locks do not belong to the file.
func aixClass(s *unix.Statfs_t) Class {
	return Class{Type: fmt.Sprintf("0x%x", uint32(s.Vfstype))}
}

func mountedAs(path string) (c Class, readOnly bool, err error) {
	c, err = classOfPath(path)
	return c, false, err
}
