//go:build unix && !linux

package fsys

import "golang.org/x/sys/unix"

// The calls with a name, where the system wants to be called through its C
// library, which package unix does.

func (d *dir) open(name string, flags int, perm uint32) (int, error) {
	return openat(d.fd, d.arg(name), flags, perm)
}

func (d *dir) unlink(name string) error {
	arg := d.arg(name)
	return ignoringEINTR(func() error { return unix.Unlinkat(d.fd, arg, 0) })
}

// stat looks at a name and says what it is, unless info is nil.
func (d *dir) stat(name string, info *Info) error {
	var st unix.Stat_t
	err := fstatat(d.fd, d.arg(name), &st)
	if err == nil && info != nil {
		*info = infoOf(&st)
	}
	return err
}

func statFD(fd int, info *Info) error {
	var st unix.Stat_t
	err := fstat(fd, &st)
	if err == nil {
		*info = infoOf(&st)
	}
	return err
}

func kindFD(fd int, info *Info) error { return statFD(fd, info) }

type names struct{} // kept on Linux only

// arg is a name as the system calls take it.
func (d *dir) arg(name string) string {
	if d.fd == unix.AT_FDCWD {
		return d.prefix + name
	}
	return name
}
