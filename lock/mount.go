package lock

import (
	"errors"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/reaper"
)

// mount is where the last lock of a handle was made. A mount has one
// filesystem for as long as it is there, and its number is not used again, so
// whoever makes the next file through the same mount need not ask once more
// what kind of filesystem that is. A device number would not do: that of a
// tmpfs may be an NFS mount's the moment after it is gone.
type mount struct {
	id    uint64
	sure  bool // class was asked of a file there
	class fsys.Class
}

// errOtherMount: another filesystem is at the path by now.
var errOtherMount = errors.New("another filesystem was mounted")

// class is the class of the directory's filesystem. Whoever makes a file has to
// ask moved about it, where that matters.
func (h *handle) class() (c fsys.Class, err error) {
	if m := h.mount.Load(); m != nil && m.sure {
		c = m.class
	} else if n := h.network.Load(); n != nil {
		c = n.class
	} else if c, err = h.dir.Class(); err != nil {
		return c, asLockError(h, err)
	}
	if h.cfg.network {
		c.Local = false
	}
	return c, nil
}

// moved: the class may be another's than that of the file that was made.
func (h *handle) moved(info fsys.Info) bool {
	m := h.mount.Load()
	return m != nil && m.sure && m.id != info.Mount
}

// network is where the last lock of a handle was made, or looked at, over a
// network.
type network struct {
	known      bool // dev and mount are
	dev, mount uint64
	class      fsys.Class
}

// stillNet is the class of the directory, asked for once more by a handle that has
// only looked over a network so far, when it is about to make its first file.
func (h *handle) stillNet() (fsys.Class, error) {
	h.network.Store(nil)
	class, err := h.class()
	if err == nil && !class.KernelBacked() {
		h.network.Store(&network{class: class})
	}
	return class, err
}

// rememberNet keeps the class that the directory had where a file was made over
// a network, where each question is a request. reaper.ErrElsewhere when the file
// is on another filesystem: it may be a local one, where an unfinished file
// without a kernel lock is anybody's to remove. Device numbers come back, numbers
// of mounts do not, but are not had everywhere.
func (h *handle) rememberNet(info fsys.Info, class fsys.Class) error {
	switch n := h.network.Load(); {
	case n == nil, !n.known:
		h.network.Store(&network{true, info.Dev, info.Mount, class})
	case n.dev != info.Dev, n.mount != info.Mount:
		h.network.Store(nil)
		if !h.cfg.network { // else it is a network whatever is mounted
			return reaper.ErrElsewhere
		}
	}
	return nil
}

// remember keeps the class of a file that was made where the last one was. The
// file is asked, not the path again: between the answer about the directory and
// the making of the file something may have been mounted. It is a system call
// more, which is why it is left until a handle is used again: most are not.
func (h *handle) remember(f fsys.File, info fsys.Info) {
	m := h.mount.Load()
	switch {
	case info.Mount == 0 || m != nil && m.sure:
	case m == nil || m.id != info.Mount:
		h.mount.Store(&mount{id: info.Mount})
	default:
		// Without an answer the next lock asks the directory, as this one did.
		if c, err := f.Class(); err == nil {
			h.mount.Store(&mount{info.Mount, true, c})
		}
	}
}
