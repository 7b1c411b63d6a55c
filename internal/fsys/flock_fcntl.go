//go:build aix || (solaris && !illumos) || (linux && filelock_fcntl)

package fsys

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// These systems have no flock. Their fcntl locks belong to the process, which
// processLocks makes up for within this process. Still they are no testimony
// about owners: a child does not inherit them, and what is not ours in this
// process may drop them. (With the tag, Linux does as they do, for the tests.)
const locksBelongToFile = false

var fcntlLocks = newProcessLocks(setlk, getlk, closeFD)

func setlk(fd int, typ int16, wait bool) error {
	how := unix.F_SETLK
	if wait {
		how = unix.F_SETLKW
	}
	return ignoringEINTR(func() error {
		return unix.FcntlFlock(uintptr(fd), how, &unix.Flock_t{Type: typ, Whence: io.SeekStart})
	})
}

func getlk(fd int) (typ int16, err error) {
	err = ignoringEINTR(func() error {
		l := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
		err := unix.FcntlFlock(uintptr(fd), unix.F_GETLK, &l)
		typ = l.Type
		return err
	})
	return typ, err
}

// inodeOf asks the system only for what was created and not opened, and once: if
// a server did not answer when the file is closed, what is known of it here would
// stay, and be in the way of the next file with its number.
func (f *file) inodeOf() (id ID, dir bool, err error) {
	if f.fd == closedFD {
		return ID{}, false, unix.EBADF
	}
	if f.atOpen.ID == (ID{}) {
		var info Info
		if err := statFD(f.fd, &info); err != nil {
			return ID{}, false, err
		}
		f.atOpen.ID = info.ID
	}
	return f.atOpen.ID, f.atOpen.Mode.IsDir(), nil
}

// TryLock takes an fcntl lock on the whole file. Exclusive needs a descriptor
// open for writing (EBADF otherwise).
func (f *file) TryLock(mode LockMode) error { return f.fcntl(mode, false) }

func (f *file) Lock(mode LockMode) error { return f.fcntl(mode, true) }

func (f *file) fcntl(mode LockMode, wait bool) error {
	id, dir, err := f.inodeOf()
	switch {
	case err != nil:
		return f.error("fcntl", err)
	case dir:
		// It cannot be opened for writing, and descriptors of directories are closed
		// here and there.
		return f.error("fcntl", errors.ErrUnsupported)
	}
	if err := fcntlLocks.lock(id, f.fd, mode, wait); err != nil {
		return f.error("fcntl", err)
	}
	f.locked = true
	return nil
}

func (f *file) Unlock() error {
	id, dir, err := f.inodeOf()
	if err == nil && !dir {
		err = fcntlLocks.unlock(id, f.fd)
	}
	if err != nil {
		return f.error("fcntl", err)
	}
	f.locked = false
	return nil
}

// closeFD is the end of what was f's descriptor.
func (f *file) closeFD(fd int) error {
	id, dir, err := f.inodeOf()
	if err != nil || dir {
		return errors.Join(err, closeFD(fd))
	}
	return fcntlLocks.closeFD(id, fd)
}

// spareFD is a descriptor of what the name names that could not be closed.
func (d *dir) spareFD(name string, how OpenFlag) (fd int, ok bool) {
	if fcntlLocks.spares.Load() == 0 {
		return -1, false
	}
	var info, again Info
	if err := d.stat(name, &info); err != nil || !info.Mode.IsRegular() {
		return -1, false
	}
	access := unix.O_RDONLY
	if how&OpenWrite != 0 {
		access = unix.O_RDWR
	}
	if fd, ok = fcntlLocks.reopen(info.ID, access); !ok {
		return -1, false
	}
	// The name may have got another file before the descriptor was ours, and the
	// number of the one before another name. From now on the number stays.
	if err := d.stat(name, &again); err != nil || again.ID != info.ID {
		_ = fcntlLocks.closeFD(info.ID, fd) // it is what it was
		return -1, false
	}
	return fd, true
}

// Dup: a child does not inherit the lock, and with the duplicate it would be
// closed.
func (f *file) Dup() (*os.File, error) { return nil, f.error("dup", errors.ErrUnsupported) }
