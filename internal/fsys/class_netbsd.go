package fsys

import "golang.org/x/sys/unix"

func classOfPath(path string) (Class, error) {
	var s unix.Statvfs_t
	err := unix.Statvfs(path, &s)
	return bsdClass(s.Fstypename[:], s.Flag&unix.MNT_LOCAL != 0), err
}

func classOfFile(fd int) (Class, error) {
	var s unix.Statvfs_t
	err := unix.Fstatvfs(fd, &s)
	return bsdClass(s.Fstypename[:], s.Flag&unix.MNT_LOCAL != 0), err
}
