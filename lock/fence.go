package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/filelock-go/filelock/internal/fsys"
)

// A fence is a number that grows with every acquisition of a path, so that a
// resource can reject the writes of an owner whose lease is over and who does not
// know it yet. It is the size of a file beside the lock, which nobody ever makes
// shorter. A number in a file would have to be read, which NFS answers out of a
// client's cache where two changes fall into one tick of the server's clock; and
// a writer that was paused, and goes on when the lock is another's, could put an
// old number over a newer one. A size is asked of the server at each open, and a
// byte that is written where there is one changes nothing.
//
// It is raised by whoever has just made the lock file, and by nobody else until
// that file is gone, so no two acquisitions get one number. A crash in between
// leaves a number that nobody has.

// mostFence is what fits into a JSON number for everybody (2^53).
const mostFence = 1 << 53

// errNotFence: the file beside the lock is something else.
var errNotFence = errors.New("it is not a fence: its first byte is not a dot, or it has another name")

// raiseFence raises the fence for a hold that asks for one. When it returns the
// new number outlives a power cut.
func (h *handle) raiseFence(hd *hold) error {
	if !h.cfg.fence {
		return nil
	}
	// One that is there is not opened with O_CREAT: in a directory like /tmp that is
	// refused of another user's file (fs.protected_regular, proc_sys_fs(5)).
	f, err := h.dir.Open(fsys.FenceName(h.name), fsys.OpenWrite)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = h.dir.Open(fsys.FenceName(h.name), fsys.OpenWrite|fsys.OpenCreate)
	}
	if err != nil {
		return h.fenced(err)
	}
	n, err := h.raise(f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	hd.fence = n
	return h.fenced(err)
}

// fenced says that an error is not about the lock file.
func (h *handle) fenced(err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: "fence", Path: h.fencePath(), Err: err}
}

func (h *handle) fencePath() string {
	return filepath.Join(h.dir.Path(), fsys.FenceName(h.name))
}

func (h *handle) raise(f fsys.File) (n uint64, err error) {
	info, err := f.Info()
	if err != nil {
		return 0, err
	}
	bad := func(err error) error {
		return &fs.PathError{Op: "raise", Path: h.fencePath(), Err: err}
	}
	if info.Links > 1 {
		return 0, bad(errNotFence)
	}
	if info.Size > 0 {
		b, err := f.Read(1)
		if err != nil {
			return 0, err
		}
		if len(b) != 1 || b[0] != '.' {
			return 0, bad(errNotFence)
		}
	}
	if info.Size >= mostFence {
		return 0, bad(fmt.Errorf("it has reached %d", info.Size))
	}
	if info.Size == 0 && h.cfg.exact {
		if err := f.Chmod(h.cfg.mode); err != nil {
			return 0, err
		}
	}
	if err := f.Extend(info.Size + 1); err != nil {
		return 0, err
	}
	if err := f.Sync(); err != nil {
		return 0, err
	}
	if info.Size == 0 { // its name is new
		if err := h.dir.Sync(); err != nil && !errors.Is(err, fs.ErrPermission) {
			return 0, err
		}
	}
	return uint64(info.Size) + 1, nil
}
