//go:build unix

package fsys

import (
	"errors"
	"io/fs"
	"runtime"

	"golang.org/x/sys/unix"
)

const (
	errBadName = unix.EINVAL
	notInNames = "/\x00"
	namesStay  = false // a file that is unlinked has no name, whoever has it open
)

type realFS struct{}

// dir looks names up in a directory: by its path when fd is AT_FDCWD, and in
// the very directory opened otherwise.
type dir struct {
	path   string
	prefix string // path up to where a name can be appended
	fd     int
	names  names
}

func newDir(path string, fd int) *dir {
	prefix := path
	if path != "" && path[len(path)-1] != '/' {
		prefix += "/"
	}
	return &dir{path: path, prefix: prefix, fd: fd}
}

func (realFS) At(path string) Dir { return newDir(path, unix.AT_FDCWD) }

func (realFS) OpenDir(path string) (Dir, error) { return openDir(unix.AT_FDCWD, path, path) }

// openDir opens name, looked up in the directory fd, as a directory; path is
// its name in messages. A symbolic link is refused by the kernel, which does
// not say so on every system: the name is looked at again to describe it.
func openDir(fd int, name, path string) (Dir, error) {
	sub, err := openat(fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err == nil {
		return newDir(path, sub), nil
	}
	var st unix.Stat_t
	if !errors.Is(err, fs.ErrNotExist) && fstatat(fd, name, &st) == nil {
		if m := fileMode(uint32(st.Mode)); !m.IsDir() && !m.IsRegular() {
			err = &kindError{kindOf(m), "a directory"}
		}
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: err}
}

func (d *dir) Path() string { return d.path }

func (d *dir) error(op, path string, err error) error {
	if d.fd == closedFD && err == unix.EBADF {
		err = fs.ErrClosed
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}

func (d *dir) OpenDir(name string) (Dir, error) {
	if name == "." {
		return d.openSelf()
	}
	if err := checkName("open", d.prefix, name); err != nil {
		return nil, err
	}
	path := d.prefix + name
	if d.fd == unix.AT_FDCWD {
		return openDir(d.fd, path, path)
	}
	return openDir(d.fd, name, path)
}

// openSelf opens "path/.", and so what a link at path leads to, like any other
// lookup in the directory does.
func (d *dir) openSelf() (Dir, error) {
	fd, err := d.open(".", openSearch|unix.O_DIRECTORY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, d.error("open", d.path, err)
	}
	return newDir(d.path, fd), nil
}

func (d *dir) Lstat(name string) (Info, error) {
	if name == "." {
		return d.lstatSelf()
	}
	if err := checkName("lstat", d.prefix, name); err != nil {
		return Info{}, err
	}
	return d.lstat("lstat", name)
}

func (d *dir) lstat(op, name string) (info Info, err error) {
	if err := d.stat(name, &info); err != nil {
		return Info{}, d.error(op, d.prefix+name, err)
	}
	return info, nil
}

func (d *dir) Has(name string) (bool, error) {
	if err := checkName("lstat", d.prefix, name); err != nil {
		return false, err
	}
	switch err := d.stat(name, nil); err {
	case nil:
		return true, nil
	case unix.ENOENT:
		return false, nil
	default:
		return false, d.error("lstat", d.prefix+name, err)
	}
}

// lstatSelf is fstat where there is a descriptor: it needs no right to search
// the directory.
func (d *dir) lstatSelf() (info Info, err error) {
	if d.fd == unix.AT_FDCWD {
		return d.lstat("lstat", ".")
	}
	if err := statFD(d.fd, &info); err != nil {
		return Info{}, d.error("lstat", d.path, err)
	}
	return info, nil
}

func (d *dir) Unlink(name string) error {
	if err := checkName("unlink", d.prefix, name); err != nil {
		return err
	}
	switch runtime.GOOS {
	case "aix", "illumos", "solaris":
		// There a privileged process can unlink a directory, which leaves a
		// damaged filesystem (unlink(2) on Solaris: "use rmdir(2) instead").
		// The kernel offers nothing better than looking first.
		if info, err := d.lstat("unlink", name); err != nil {
			return err
		} else if info.Mode.IsDir() {
			return d.error("unlink", d.prefix+name, unix.EISDIR)
		}
	}
	if err := d.unlink(name); err != nil {
		return d.error("unlink", d.prefix+name, err)
	}
	return nil
}

func (d *dir) Rename(name, to string) error {
	for _, n := range []string{name, to} {
		if err := checkName("rename", d.prefix, n); err != nil {
			return err
		}
	}
	from, target := name, to
	if d.fd == unix.AT_FDCWD {
		from, target = d.prefix+name, d.prefix+to
	}
	if err := ignoringEINTR(func() error { return unix.Renameat(d.fd, from, d.fd, target) }); err != nil {
		return d.error("rename", d.prefix+name, err)
	}
	return nil
}

func (d *dir) Class() (Class, error) {
	var c Class
	err := ignoringEINTR(func() (err error) {
		switch {
		case d.fd != unix.AT_FDCWD:
			c, err = classOfFile(d.fd)
		case d.path == "":
			c, err = classOfPath(".")
		default:
			c, err = classOfPath(d.path)
		}
		return err
	})
	if err != nil {
		return Class{}, d.error("statfs", d.path, err)
	}
	return c, nil
}

// Sync opens the directory for reading: what a Dir has open may be for searching
// only (O_PATH), which cannot be synced.
func (d *dir) Sync() error {
	name := "."
	if d.fd == unix.AT_FDCWD {
		name = d.prefix + "."
	}
	fd, err := openat(d.fd, name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return d.error("fsync", d.path, err)
	}
	err = ignoringEINTR(func() error { return unix.Fsync(fd) })
	if err == unix.EINVAL || err == unix.ENOTSUP { // fsync(2): "does not support synchronization"
		err = nil
	}
	if cerr := closeFD(fd); err == nil {
		err = cerr
	}
	if err != nil {
		return d.error("fsync", d.path, err)
	}
	return nil
}

func (d *dir) List(yield func(Entry) bool) error {
	if d.fd == unix.AT_FDCWD {
		return &fs.PathError{Op: "list", Path: d.path, Err: errors.New("the directory is not open")}
	}
	if err := list(d.fd, d.path, yield); err != nil {
		return d.error("list", d.path, err)
	}
	return nil
}

// Close needs none of the care of file.Close: a Dir has no kernel lock.
func (d *dir) Close() error {
	if d.fd == unix.AT_FDCWD {
		return nil
	}
	fd := d.fd
	d.fd = closedFD
	if err := closeFD(fd); err != nil {
		return d.error("close", d.path, err)
	}
	return nil
}
