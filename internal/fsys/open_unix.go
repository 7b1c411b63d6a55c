//go:build unix

package fsys

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// createMode is the mode of a file made by OpenCreate, before the umask.
const createMode = 0o644

func (d *dir) Create(name string, perm fs.FileMode) (File, error) {
	if err := checkName("create", d.prefix, name); err != nil {
		return nil, err
	}
	// O_EXCL makes a new regular file or fails, so there is nothing to block
	// on and nothing to check.
	fd, err := d.open(name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL, uint32(perm.Perm()))
	if err != nil {
		return nil, d.error("create", d.prefix+name, err)
	}
	return &file{fd: fd, dir: d.prefix, name: name}, nil
}

// Open for reading looks before it opens: opening a device or a FIFO can have
// effects (a tape rewinds, a writer wakes up). That is a courtesy, not the
// check: what counts is the fstat after the open, and O_NONBLOCK keeps the
// open from waiting for anything.
//
// OpenListed goes without it: the directory said what the name is when its
// entry was read, an instant ago. What took its place since then is opened, and
// refused.
//
// For writing there is no look first: that would cost a system call each time
// a hard lock is taken, of a file that is there and regular. A caller who does
// not know the file reads or Lstats it before.
func (d *dir) Open(name string, how OpenFlag) (File, error) {
	if err := checkName("open", d.prefix, name); err != nil {
		return nil, err
	}
	if how&(OpenWrite|OpenCreate|OpenListed|OpenOwn) == 0 {
		info, err := d.lstat("open", name)
		if err != nil {
			return nil, err
		}
		if !how.accepts(info.Mode) {
			return nil, d.error("open", d.prefix+name, notRegular(info.Mode))
		}
	}
	// O_NONBLOCK does nothing to a regular file, except that the open fails
	// with EAGAIN, instead of waiting, when another process has a lease on
	// the file (fcntl(2), F_SETLEASE; file servers take them).
	const careful = unix.O_NONBLOCK | unix.O_NOCTTY
	flags := careful | unix.O_RDONLY
	if how&OpenWrite != 0 {
		flags = careful | unix.O_RDWR
	}
	if how&OpenCreate != 0 {
		flags |= unix.O_CREAT
	}
	if fd, ok := d.spareFD(name, how); ok {
		return d.checked(&file{fd: fd, dir: d.prefix, name: name}, how)
	}
	fd, err := d.open(name, flags, createMode)
	if err == unix.EISDIR && how&OpenDirToo != 0 {
		fd, err = d.open(name, careful|unix.O_RDONLY|unix.O_DIRECTORY, 0)
	}
	if err != nil {
		return nil, d.refused(name, how, err)
	}
	return d.checked(&file{fd: fd, dir: d.prefix, name: name}, how)
}

// checked closes what must not be opened this way.
func (d *dir) checked(f *file, how OpenFlag) (File, error) {
	var err error
	if how&OpenOwn != 0 {
		err = kindFD(f.fd, &f.atOpen)
	} else {
		err = statFD(f.fd, &f.atOpen)
	}
	switch {
	case err != nil:
		err = f.error("fstat", err)
	case how.accepts(f.atOpen.Mode):
		return f, nil
	default:
		err = d.error("open", f.path(), notRegular(f.atOpen.Mode))
	}
	if cerr := f.Close(); cerr != nil {
		err = errors.Join(err, cerr)
	}
	return nil, err
}

// refused explains a failed open. Systems disagree about the error for a
// symbolic link (ELOOP; EMLINK on FreeBSD, EFTYPE on NetBSD), for a socket
// (ENXIO, EOPNOTSUPP) and for a device without a driver, so the name is asked
// what it is.
func (d *dir) refused(name string, how OpenFlag, err error) error {
	path := d.prefix + name
	if errors.Is(err, fs.ErrNotExist) {
		return d.error("open", path, err)
	}
	if info, lerr := d.lstat("open", name); lerr == nil && !how.accepts(info.Mode) {
		return d.error("open", path, notRegular(info.Mode))
	}
	return d.error("open", path, err)
}

// accepts says whether what was found may be opened this way.
func (how OpenFlag) accepts(m fs.FileMode) bool {
	return m.IsRegular() || m.IsDir() && how&OpenDirToo != 0
}
