package faults

import (
	"io/fs"
	"os"
	"strings"

	"github.com/filelock-go/filelock/internal/fsys"
)

type dir struct {
	fsys.Dir
	in *FS
}

func (d *dir) path(name string) string {
	p := d.Dir.Path()
	if name == "." {
		return p
	}
	return strings.TrimSuffix(p, string(os.PathSeparator)) + string(os.PathSeparator) + name
}

func (d *dir) Create(name string, perm fs.FileMode) (fsys.File, error) {
	return d.file(OpCreate, name, func() (fsys.File, error) { return d.Dir.Create(name, perm) })
}

func (d *dir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	return d.file(OpOpen, name, func() (fsys.File, error) { return d.Dir.Open(name, how) })
}

func (d *dir) file(op, name string, open func() (fsys.File, error)) (fsys.File, error) {
	var f fsys.File
	path := d.path(name)
	err := d.in.through(op, path, func() (err error) {
		f, err = open()
		return err
	})
	switch {
	case err == nil:
		wrapped := &file{f, d.in, path}
		d.in.opened(wrapped, path)
		return wrapped, nil
	case f != nil:
		_ = f.Close() // its reply is lost, nobody can be told
	}
	return nil, err
}

func (d *dir) Lstat(name string) (info fsys.Info, err error) {
	err = d.in.through(OpLstat, d.path(name), func() (err error) {
		info, err = d.Dir.Lstat(name)
		return err
	})
	if err != nil {
		return fsys.Info{}, err
	}
	return info, nil
}

func (d *dir) Unlink(name string) error {
	return d.in.through(OpUnlink, d.path(name), func() error { return d.Dir.Unlink(name) })
}

func (d *dir) Class() (fsys.Class, error) {
	return d.in.class(d.Dir.Path(), d.Dir.Class)
}

func (f *FS) class(path string, ask func() (fsys.Class, error)) (c fsys.Class, err error) {
	err = f.through(OpClass, path, func() (err error) {
		c, err = ask()
		return err
	})
	switch {
	case err != nil:
		return fsys.Class{}, err
	case f.Class != (fsys.Class{}):
		return f.Class, nil
	}
	return c, nil
}

func (d *dir) OpenDir(name string) (fsys.Dir, error) {
	return d.in.subdir(d.path(name), func() (fsys.Dir, error) { return d.Dir.OpenDir(name) })
}

func (d *dir) List(yield func(fsys.Entry) bool) error {
	fault := d.in.next(OpList, d.Dir.Path())
	switch {
	case fault.Err == nil:
		return d.Dir.List(yield)
	case fault.Half:
		if err := d.Dir.List(func(e fsys.Entry) bool { yield(e); return false }); err != nil {
			return err
		}
	case fault.Lost:
		if err := d.Dir.List(yield); err != nil {
			return err
		}
	}
	return fault.Err
}

// Close closes in any case, as the system call does.
func (d *dir) Close() error {
	fault := d.in.next(OpCloseDir, d.Dir.Path())
	err := d.Dir.Close()
	d.in.closed(d)
	if fault.Err != nil {
		return fault.Err
	}
	return err
}

func (d *dir) Rename(name, to string) error {
	return d.in.through(OpRename, d.path(name), func() error { return d.Dir.Rename(name, to) })
}

func (d *dir) Sync() error {
	return d.in.through(OpSyncDir, d.Dir.Path(), d.Dir.Sync)
}
