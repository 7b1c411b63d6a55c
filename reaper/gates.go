package reaper

import (
	"errors"
	"io/fs"

	"github.com/filelock-go/filelock/internal/fsys"
)

// sweepGate removes the side file at which waiters waited in order, if nobody
// does any more: the last one removes it, unless he was killed. Nobody's lock
// depends on it. Only an empty file is removed, under the lock that a waiter
// would have and that keeps others from beginning to wait; who opened the file
// before finds out that the path does not name it any more.
//
// true when it removed one. A gate that is in use, gone, another user's, or no
// empty regular file, is no error.
func sweepGate(dir fsys.Dir, name string) (bool, error) {
	f, err := dir.Open(name, fsys.OpenWrite)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, fsys.ErrIrregular):
		return false, nil
	case err != nil:
		return false, err
	}
	swept, err := sweepOpenGate(dir, name, f)
	return swept, errors.Join(err, f.Close())
}

func sweepOpenGate(dir fsys.Dir, name string, f fsys.File) (bool, error) {
	class, err := f.Class()
	if err != nil || !class.KernelBacked() {
		return false, err
	}
	for _, lock := range []func() error{
		func() error { return f.OrderLock(fsys.Presence, fsys.Exclusive, false) },
		func() error { return f.TryLock(fsys.Exclusive) },
	} {
		switch err := lock(); {
		case errors.Is(err, fsys.ErrLocked):
			return false, nil
		case err != nil && !errors.Is(err, errors.ErrUnsupported):
			return false, err
		}
	}
	info, err := f.Info()
	if err != nil || info.Size != 0 {
		return false, err
	}
	switch named, err := fsys.Names(dir, name, info.ID); {
	case err != nil || !named:
		return false, err
	}
	switch err := fsys.Remove(dir, name, info.ID); {
	case errors.Is(err, fs.ErrPermission):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, nil
}
