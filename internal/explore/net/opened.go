package net

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
)

type opened struct {
	dir
	v    *view
	made bool
	shut bool
}

func (f *opened) Info() (fsys.Info, error) {
	a := f.p.askAbout(asked{op: info}, f.v)
	if f.p.over {
		return fsys.Info{}, errOver
	}
	f.v.form, f.v.touched = a.form, a.touched
	if j := &f.p.read[f.v.level]; j.view == f.v && f.p.how == fsys.OpenRead {
		j.touched = a.touched
	}
	return f.v.info(), nil
}

func (f *opened) OpenInfo() fsys.Info {
	if f.made {
		return fsys.Info{}
	}
	if f.p.phase == walks {
		i, _ := f.Info() // who walks a directory asks no more
		return i
	}
	return fsys.Info{ID: fsys.ID{Dev: 1, Ino: f.v.ino}, Mode: 0o644, Links: 1}
}

func (f *opened) Kind() (fsys.Info, error) {
	return fsys.Info{ID: fsys.ID{Dev: 1, Ino: f.v.ino}, Mode: 0o644, Links: 1}, nil
}

func (f *opened) Read(int) ([]byte, error) {
	a := f.p.askAbout(asked{op: read}, f.v)
	if f.p.over {
		return nil, errOver
	}
	v := f.v
	v.form = a.form
	if j := &f.p.read[v.level]; j.view == v && f.p.how == fsys.OpenRead {
		j.form = a.form
	}
	switch a.form {
	case empty:
		return nil, nil
	case half:
		return []byte(halfRecord), nil
	}
	if v.raw == nil {
		v.kind, v.who = a.kind, a.who
		v.raw = v.record()
	}
	return v.raw, nil
}

func (f *opened) ReadInto(b []byte) (int, error) {
	raw, err := f.Read(len(b))
	return copy(b, raw), err
}

func (f *opened) Write(b []byte) error {
	f.v.raw = slices.Clone(b)
	if rec := meta.Parse(b).Record; rec == nil || rec.Token != f.v.token {
		panic("net: something was written that is no record of the file's own token")
	} else if rec.OnBehalf {
		f.v.pid = shellPID
	}
	a := f.p.askAbout(asked{op: write}, f.v)
	switch {
	case f.p.over:
		return errOver
	case a.what == failed:
		return failure("write", syscall.EIO)
	}
	f.v.form = whole
	return nil
}

func (f *opened) Sync() error {
	if f.p.cfg.Losses == 0 {
		return nil
	}
	a := f.p.askAbout(asked{op: sync}, f.v)
	switch {
	case f.p.over:
		return errOver
	case a.what == failed:
		return failure("fsync", syscall.EIO)
	}
	return nil
}

func (f *opened) Close() error {
	if !f.made && !f.shut {
		f.p.open--
	}
	f.shut = true
	return nil
}

func (f *opened) CloseOnly() error            { return f.Close() }
func (f *opened) TryLock(fsys.LockMode) error { return nil }
func (f *opened) Unlock() error               { return nil }
func (f *opened) Lock(fsys.LockMode) error    { return errors.ErrUnsupported }
func (f *opened) Truncate(int64) error        { return errors.ErrUnsupported }
func (f *opened) Extend(int64) error          { return errors.ErrUnsupported }
func (f *opened) Touch() error                { return errors.ErrUnsupported }
func (f *opened) Chmod(fs.FileMode) error     { return nil }
func (f *opened) Dup() (*os.File, error)      { return nil, errors.ErrUnsupported }

func (f *opened) OrderHeld(fsys.Order) (bool, error)              { return false, errors.ErrUnsupported }
func (f *opened) OrderLock(fsys.Order, fsys.LockMode, bool) error { return errors.ErrUnsupported }
func (f *opened) OrderUnlock() error                              { return errors.ErrUnsupported }
