package fsys

import "golang.org/x/sys/unix"

// solarisLocal are the types of statvfs(2), f_basetype, that live on this
// machine's disks or in its memory. A loopback mount shows the type below it.
var solarisLocal = map[string]bool{"zfs": true, "ufs": true, "tmpfs": true, "pcfs": true}

func classOfPath(path string) (Class, error) {
	var s unix.Statvfs_t
	err := unix.Statvfs(path, &s)
	return solarisClass(&s), err
}

func classOfFile(fd int) (Class, error) {
	var s unix.Statvfs_t
	err := unix.Fstatvfs(fd, &s)
	return solarisClass(&s), err
}

func solarisClass(s *unix.Statvfs_t) Class {
	var name []byte
	for _, c := range s.Basetype {
		if c == 0 {
			break
		}
		name = append(name, byte(c))
	}
	return Class{Type: string(name), Local: solarisLocal[string(name)]}
}

func mountedAs(path string) (c Class, readOnly bool, err error) {
	const rdonly = 1 // ST_RDONLY (sys/statvfs.h), which package unix does not have
	var s unix.Statvfs_t
	err = unix.Statvfs(path, &s)
	return solarisClass(&s), s.Flag&rdonly != 0, err
}
