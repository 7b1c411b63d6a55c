package lock_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
)

// slots numbers a file by its place in the directory, as FAT on Windows does: one
// that is given another name has another number, and what gets the old name has
// the old number.
type slots struct {
	fsys.FS
	name   string
	opened func() // called once, after the file was opened
}

type slotDir struct {
	fsys.Dir
	s *slots
}

type slotFile struct {
	fsys.File
	d      slotDir
	atOpen fsys.Info
}

var inPlace, elsewhere = fsys.ID{Dev: 1, Ino: 1}, fsys.ID{Dev: 1, Ino: 2}

func (s *slots) At(path string) fsys.Dir { return slotDir{s.FS.At(path), s} }
func (s *slots) OpenDir(path string) (fsys.Dir, error) {
	d, err := s.FS.OpenDir(path)
	return slotDir{d, s}, err
}

func (d slotDir) OpenDir(name string) (fsys.Dir, error) {
	dir, err := d.Dir.OpenDir(name)
	return slotDir{dir, d.s}, err
}

func (d slotDir) Lstat(name string) (fsys.Info, error) {
	info, err := d.Dir.Lstat(name)
	if name == d.s.name {
		info.ID = inPlace
	}
	return info, err
}

func (d slotDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	f, err := d.Dir.Open(name, how)
	if err != nil || name != d.s.name {
		return f, err
	}
	opened := slotFile{f, d, f.OpenInfo()}
	opened.atOpen.ID = inPlace
	if then := d.s.opened; then != nil {
		d.s.opened = nil
		then()
	}
	return opened, nil
}

func (f slotFile) OpenInfo() fsys.Info { return f.atOpen }

func (f slotFile) Info() (fsys.Info, error) {
	info, err := f.File.Info()
	if err != nil {
		return info, err
	}
	now, err := f.d.Dir.Lstat(f.d.s.name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return info, err
	}
	if info.ID == now.ID {
		info.ID = inPlace
	} else {
		info.ID = elsewhere
	}
	return info, nil
}

func (f slotFile) Kind() (fsys.Info, error) { return f.Info() }

// Whoever removes a file on FAT renames it first, and the next file of its name
// then has its number.
func TestAFileThatTookTheNumberOfAnotherIsNotTakenForIt(t *testing.T) {
	defer lock.SetIDsMove(lock.SetIDsMove(true))
	path := tempPath(t)
	must(t, os.WriteFile(path, nil, 0o644))
	owner := lock.NewFile(path)
	s := &slots{FS: fsys.Real, name: base(path), opened: func() {
		must(t, os.Rename(path, path+".gone"))
		must(t, owner.TryLock())
	}}
	late := lock.NewFile(path, lock.InHost(host.Real.With(s)))
	if err := late.TryLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("it was taken while another had it: %v", err)
	}
	if s.opened != nil {
		t.Error("the file was not opened before it was replaced")
	}
	must(t, owner.Unlock())
	must(t, late.TryLock())
	must(t, late.Unlock())
}
