package faults

import (
	"io/fs"
	"os"

	"github.com/filelock-go/filelock/internal/fsys"
)

type file struct {
	fsys.File
	in   *FS
	path string
}

func (f *file) through(op string, call func() error) error { return f.in.through(op, f.path, call) }

func (f *file) Info() (info fsys.Info, err error) {
	err = f.through(OpInfo, func() (err error) {
		info, err = f.File.Info()
		return err
	})
	if err != nil {
		return fsys.Info{}, err
	}
	return info, nil
}

func (f *file) Kind() (info fsys.Info, err error) {
	err = f.through(OpInfo, func() (err error) {
		info, err = f.File.Kind()
		return err
	})
	if err != nil {
		return fsys.Info{}, err
	}
	return info, nil
}

func (f *file) Read(most int) (b []byte, err error) {
	err = f.through(OpRead, func() (err error) {
		b, err = f.File.Read(most)
		return err
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

func (f *file) ReadInto(b []byte) (n int, err error) {
	err = f.through(OpRead, func() (err error) {
		n, err = f.File.ReadInto(b)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

func (f *file) Write(b []byte) error {
	fault := f.in.next(OpWrite, f.path)
	switch {
	case fault.Err == nil:
		return f.File.Write(b)
	case fault.Half:
		b = b[:len(b)/2]
	case !fault.Lost:
		return fault.Err
	}
	if err := f.File.Write(b); err != nil {
		return err
	}
	return fault.Err
}

func (f *file) Truncate(size int64) error {
	return f.through(OpTruncate, func() error { return f.File.Truncate(size) })
}

func (f *file) Extend(size int64) error {
	return f.through(OpExtend, func() error { return f.File.Extend(size) })
}

func (f *file) Touch() error { return f.through(OpTouch, f.File.Touch) }

func (f *file) Sync() error { return f.through(OpSync, f.File.Sync) }

func (f *file) Chmod(perm fs.FileMode) error {
	return f.through(OpChmod, func() error { return f.File.Chmod(perm) })
}

func (f *file) TryLock(mode fsys.LockMode) error {
	return f.through(OpTryLock, func() error { return f.File.TryLock(mode) })
}

func (f *file) Unlock() error {
	return f.through(OpUnlock, func() error { return f.File.Unlock() })
}

func (f *file) Class() (fsys.Class, error) { return f.in.class(f.path, f.File.Class) }

func (f *file) Dup() (d *os.File, err error) {
	err = f.through(OpDup, func() (err error) {
		d, err = f.File.Dup()
		return err
	})
	if err != nil {
		if d != nil {
			_ = d.Close() // its reply is lost, nobody can be told
		}
		return nil, err
	}
	return d, nil
}

// Close closes in any case, as the system call does. Where it fails the kernel
// lock was not dropped before, and lives on in a duplicate.
func (f *file) Close() error {
	fault := f.in.next(OpClose, f.path)
	closeIt := f.File.Close
	if fault.Err != nil && !fault.Lost {
		closeIt = f.File.CloseOnly
	}
	return f.close(fault, closeIt)
}

func (f *file) CloseOnly() error { return f.close(f.in.next(OpClose, f.path), f.File.CloseOnly) }

func (f *file) close(fault Fault, closeIt func() error) error {
	err := closeIt()
	f.in.closed(f)
	if fault.Err != nil {
		return fault.Err
	}
	return err
}
