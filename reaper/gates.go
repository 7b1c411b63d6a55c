package reaper

import (
	"context"
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
// A gate that is in use, gone, another user's, or no empty regular file, is no
// error.
func sweepGate(ctx context.Context, p *place, name string, o Options) error {
	_, err := p.ask(ctx, o.patience(), join(p, name), func() (Status, error) {
		// It is looked at before it is opened: opening a FIFO would wake somebody.
		info, err := p.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !fsys.MayBeGate(info) {
			return Status{}, nil
		}
		if err != nil {
			return Status{}, err
		}
		f, err := p.Open(name, fsys.OpenWrite)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, fsys.ErrIrregular):
			return Status{}, nil
		case err != nil:
			return Status{}, err
		}
		return Status{}, errors.Join(sweepOpenGate(p, name, f), f.Close())
	})
	return err
}

func sweepOpenGate(dir fsys.Dir, name string, f fsys.File) error {
	class, err := f.Class()
	if err != nil || !class.KernelBacked() || !fsys.MayBeGate(f.OpenInfo()) {
		return err
	}
	for _, lock := range []func() error{
		func() error { return f.OrderLock(fsys.Presence, fsys.Exclusive, false) },
		func() error { return f.TryLock(fsys.Exclusive) },
	} {
		switch err := lock(); {
		case errors.Is(err, fsys.ErrLocked):
			return nil
		case err != nil && !errors.Is(err, errors.ErrUnsupported):
			return err
		}
	}
	now, err := dir.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && (now.ID != f.OpenInfo().ID || !fsys.MayBeGate(now)):
		return nil
	case err != nil:
		return err
	}
	if err := fsys.Remove(dir, name, now.ID); !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
