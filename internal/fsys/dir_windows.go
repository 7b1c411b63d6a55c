package fsys

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/windows"
)

const (
	errBadName = windows.ERROR_INVALID_NAME
	notInNames = `/\` + "\x00" // see badWin32Name for the rest
	namesStay  = true          // over a network, where there may be no POSIX deletion
)

type realFS struct{}

// dir looks names up by path. One that was opened keeps a handle without
// FILE_SHARE_DELETE: nobody can rename or remove the directory until it is
// closed, so the path goes on leading to it as far as its last component is
// concerned. (NTFS refuses to rename the directories above it as well.)
type dir struct {
	path   string
	prefix string
	handle windows.Handle // InvalidHandle when it was not opened
	opened bool
}

func newDir(path string, h windows.Handle) *dir {
	prefix := path
	if path != "" {
		switch path[len(path)-1] {
		case '/', '\\', ':': // "C:" is the current directory of that drive
		default:
			prefix += `\`
		}
	}
	return &dir{path, prefix, h, h != windows.InvalidHandle}
}

func (realFS) At(path string) Dir { return newDir(path, windows.InvalidHandle) }

func (realFS) OpenDir(path string) (Dir, error) {
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE
	h, err := createFile(path, windows.FILE_READ_ATTRIBUTES|windows.FILE_LIST_DIRECTORY, share, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: explained(err)}
	}
	info, err := infoOf(h)
	switch {
	case err != nil:
	case info.Mode.IsDir():
		return newDir(path, h), nil
	case info.Mode.IsRegular():
		err = windows.ERROR_DIRECTORY // "the directory name is invalid"
	default:
		err = &kindError{kindOf(info.Mode), "a directory"}
	}
	if cerr := windows.CloseHandle(h); cerr != nil {
		err = errors.Join(err, cerr)
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: err}
}

func (d *dir) Path() string { return d.path }

func (d *dir) error(op, path string, err error) error {
	return &fs.PathError{Op: op, Path: path, Err: explained(err)}
}

func (d *dir) ready(op, name string) error {
	if d.opened && d.handle == windows.InvalidHandle {
		return d.error(op, d.prefix+name, fs.ErrClosed)
	}
	return checkName(op, d.prefix, name)
}

func (d *dir) OpenDir(name string) (Dir, error) {
	if name == "." {
		opened, err := realFS{}.OpenDir(d.self())
		if err != nil {
			return nil, err
		}
		opened.(*dir).path, opened.(*dir).prefix = d.path, d.prefix
		return opened, nil
	}
	if err := d.ready("open", name); err != nil {
		return nil, err
	}
	return realFS{}.OpenDir(d.prefix + name)
}

func (d *dir) Lstat(name string) (Info, error) {
	path := d.prefix + name
	if name == "." {
		path = d.self()
	} else if err := d.ready("lstat", name); err != nil {
		return Info{}, err
	}
	info, err := lstat(path)
	if err != nil {
		return Info{}, d.error("lstat", path, err)
	}
	return info, nil
}

func (d *dir) Has(name string) (bool, error) {
	switch _, err := d.Lstat(name); {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	default:
		return false, err
	}
}

// self is the directory's own path, with a separator at its end: so a link to
// a directory stands for the directory.
func (d *dir) self() string {
	if d.prefix == "" {
		return `.\`
	}
	return d.prefix
}

func lstat(path string) (info Info, err error) {
	err = withHandle(path, windows.FILE_READ_ATTRIBUTES, windows.FILE_FLAG_BACKUP_SEMANTICS, func(h windows.Handle) error {
		info, err = infoOf(h)
		return err
	})
	return info, err
}

// shareAll lets others do everything with the file, also rename and delete it:
// what excludes them is locks, not open handles.
const shareAll = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE

// withHandle calls use with what path names, opened for as long.
func withHandle(path string, access, flags uint32, use func(windows.Handle) error) error {
	h, err := createFile(path, access, shareAll, windows.OPEN_EXISTING, flags)
	if err != nil {
		return err
	}
	err = use(h)
	if cerr := windows.CloseHandle(h); err == nil {
		err = cerr
	}
	return err
}

func (d *dir) Class() (c Class, err error) {
	err = withHandle(d.self(), windows.FILE_READ_ATTRIBUTES, windows.FILE_FLAG_BACKUP_SEMANTICS, func(h windows.Handle) error {
		c, err = classOf(h)
		return err
	})
	if err == windows.ERROR_INVALID_NAME { // self ends in a separator, and this is a file, or cannot be
		err = windows.ERROR_DIRECTORY
	}
	if err != nil {
		return Class{}, d.error("class", d.path, err)
	}
	return c, nil
}

// Sync does nothing: NTFS keeps its names in a journal, and a directory's handle
// cannot be flushed.
func (d *dir) Sync() error { return nil }

func (d *dir) List(yield func(Entry) bool) error {
	if !d.opened {
		return d.error("list", d.path, errors.New("the directory is not open"))
	}
	if d.handle == windows.InvalidHandle {
		return d.error("list", d.path, fs.ErrClosed)
	}
	if err := list(d.prefix+"*", yield); err != nil {
		return d.error("list", d.path, err)
	}
	return nil
}

func (d *dir) Close() error {
	if !d.opened {
		return nil
	}
	h := d.handle
	if h == windows.InvalidHandle {
		return d.error("close", d.path, fs.ErrClosed)
	}
	d.handle = windows.InvalidHandle
	if err := windows.CloseHandle(h); err != nil {
		return d.error("close", d.path, err)
	}
	return nil
}
