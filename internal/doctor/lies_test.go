package doctor

import (
	"io/fs"
	"strings"

	"github.com/filelock-go/filelock/internal/fsys"
)

// lies is the real filesystem with answers that are not true, or calls that do
// something else. What is nil is left alone. Names are those of the files.
type lies struct {
	create  func(d fsys.Dir, name string, perm fs.FileMode) (fsys.File, error)
	open    func(d fsys.Dir, name string, how fsys.OpenFlag) (fsys.File, error)
	lstat   func(name string, info fsys.Info) fsys.Info
	unlink  func(d fsys.Dir, name string) error
	info    func(name string, info fsys.Info) fsys.Info // fstat
	read    func(name string, text []byte) []byte
	touch   func(f fsys.File) error
	extend  func(f fsys.File, size int64) error
	tryLock func(f fsys.File, name string, mode fsys.LockMode) error
	class   fsys.Class
}

func (l *lies) At(path string) fsys.Dir { return &lyingDir{fsys.Real.At(path), l} }

func (l *lies) OpenDir(path string) (fsys.Dir, error) { return fsys.Real.OpenDir(path) }

type lyingDir struct {
	fsys.Dir
	l *lies
}

func (d *lyingDir) wrap(name string, f fsys.File, err error) (fsys.File, error) {
	if err != nil {
		return nil, err
	}
	return &lyingFile{f, d.l, name}, nil
}

func (d *lyingDir) Create(name string, perm fs.FileMode) (fsys.File, error) {
	if d.l.create != nil {
		f, err := d.l.create(d.Dir, name, perm)
		return d.wrap(name, f, err)
	}
	f, err := d.Dir.Create(name, perm)
	return d.wrap(name, f, err)
}

func (d *lyingDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	if d.l.open != nil {
		f, err := d.l.open(d.Dir, name, how)
		return d.wrap(name, f, err)
	}
	f, err := d.Dir.Open(name, how)
	return d.wrap(name, f, err)
}

func (d *lyingDir) Lstat(name string) (fsys.Info, error) {
	info, err := d.Dir.Lstat(name)
	if err == nil && d.l.lstat != nil {
		info = d.l.lstat(name, info)
	}
	return info, err
}

func (d *lyingDir) Unlink(name string) error {
	if d.l.unlink != nil {
		return d.l.unlink(d.Dir, name)
	}
	return d.Dir.Unlink(name)
}

func (d *lyingDir) Class() (fsys.Class, error) {
	if d.l.class != (fsys.Class{}) {
		return d.l.class, nil
	}
	return d.Dir.Class()
}

type lyingFile struct {
	fsys.File
	l    *lies
	name string
}

func (f *lyingFile) Info() (fsys.Info, error) {
	info, err := f.File.Info()
	if err == nil && f.l.info != nil {
		info = f.l.info(f.name, info)
	}
	return info, err
}

func (f *lyingFile) Read(most int) ([]byte, error) {
	text, err := f.File.Read(most)
	if err == nil && f.l.read != nil {
		text = f.l.read(f.name, text)
	}
	return text, err
}

func (f *lyingFile) Touch() error {
	if f.l.touch != nil {
		return f.l.touch(f.File)
	}
	return f.File.Touch()
}

func (f *lyingFile) Extend(size int64) error {
	if f.l.extend != nil {
		return f.l.extend(f.File, size)
	}
	return f.File.Extend(size)
}

func (f *lyingFile) TryLock(mode fsys.LockMode) error {
	if f.l.tryLock != nil && f.name != ownerFile {
		return f.l.tryLock(f.File, f.name, mode)
	}
	return f.File.TryLock(mode)
}

// everybodyCreates lets whoever comes later create the file as well.
func everybodyCreates(only string) func(fsys.Dir, string, fs.FileMode) (fsys.File, error) {
	return func(d fsys.Dir, name string, perm fs.FileMode) (fsys.File, error) {
		f, err := d.Create(name, perm)
		if err != nil && strings.HasPrefix(name, only) {
			return d.Open(name, fsys.OpenWrite)
		}
		return f, err
	}
}
