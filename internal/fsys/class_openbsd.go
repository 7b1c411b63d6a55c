package fsys

import "golang.org/x/sys/unix"

func classOfPath(path string) (Class, error) {
	var s unix.Statfs_t
	err := unix.Statfs(path, &s)
	return bsdClass(s.F_fstypename[:], s.F_flags&unix.MNT_LOCAL != 0), err
}

func classOfFile(fd int) (Class, error) {
	var s unix.Statfs_t
	err := unix.Fstatfs(fd, &s)
	return bsdClass(s.F_fstypename[:], s.F_flags&unix.MNT_LOCAL != 0), err
}

func mountOfPath(path string) (Mount, error) {
	var s unix.Statfs_t
	err := unix.Statfs(path, &s)
	c := bsdClass(s.F_fstypename[:], s.F_flags&unix.MNT_LOCAL != 0)
	return bsdMount(path, c, s.F_mntfromname[:], s.F_mntonname[:], uint64(s.F_flags)), err
}
