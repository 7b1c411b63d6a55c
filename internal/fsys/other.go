//go:build !unix && !windows

package fsys

import (
	"errors"
	"io/fs"
)

const (
	namesStay         = false
	locksBelongToFile = false
	orderLocks        = false
)

// realFS refuses everything: there are no kernel locks that it knows of, and
// not everywhere is there a file that can be created exclusively.
type realFS struct{}

type noDir struct{ path string }

func unsupported(op, path string) error {
	return &fs.PathError{Op: op, Path: path, Err: errors.ErrUnsupported}
}

func (realFS) At(path string) Dir               { return noDir{path} }
func (realFS) OpenDir(path string) (Dir, error) { return nil, unsupported("open", path) }

func (d noDir) name(name string) string { return d.path + "/" + name }

func (d noDir) Path() string { return d.path }
func (d noDir) Create(name string, _ fs.FileMode) (File, error) {
	return nil, unsupported("create", d.name(name))
}
func (d noDir) Open(name string, _ OpenFlag) (File, error) {
	return nil, unsupported("open", d.name(name))
}
func (d noDir) Lstat(name string) (Info, error)  { return Info{}, unsupported("lstat", d.name(name)) }
func (d noDir) Has(name string) (bool, error)    { return false, unsupported("lstat", d.name(name)) }
func (d noDir) Unlink(name string) error         { return unsupported("unlink", d.name(name)) }
func (d noDir) Class() (Class, error)            { return Class{}, unsupported("statfs", d.path) }
func (d noDir) OpenDir(name string) (Dir, error) { return nil, unsupported("open", d.name(name)) }
func (d noDir) List(func(Entry) bool) error      { return unsupported("list", d.path) }
func (d noDir) Close() error                     { return nil }

func (d noDir) Rename(name, _ string) error { return unsupported("rename", d.name(name)) }

func (d noDir) Sync() error { return unsupported("fsync", d.path) }

func mountOf(string) (Mount, error)     { return Mount{}, errors.ErrUnsupported }
func mountTable() ([]mountEntry, error) { return nil, nil }
