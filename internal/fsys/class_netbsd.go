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

func mountOfPath(path string) (Mount, error) {
	var s unix.Statvfs_t
	err := unix.Statvfs(path, &s)
	c := bsdClass(s.Fstypename[:], s.Flag&unix.MNT_LOCAL != 0)
	return bsdMount(path, c, s.Mntfromname[:], s.Mntonname[:], uint64(s.Flag)), err
}
