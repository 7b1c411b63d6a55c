package lock

import (
	"errors"
	"io/fs"
	"runtime"
	"strings"
	"syscall"

	"github.com/filelock-go/filelock/internal/fsys"
)

// maxName is the longest base name of a lock in bytes: the usual limit of 255
// less what the names of its side files add.
const maxName = 240

var (
	errEmptyPath = errors.New("the path is empty")
	errNUL       = errors.New("the path has a NUL byte")
	errLongName  = errors.New("the file name is longer than 240 bytes")
	errNoFile    = errors.New("the path names a directory")
	errShortName = errors.New("the name may be the short form of a longer one (8.3): a lock has its own name")
	errSideFile  = errors.New("the name is that of another lock's side file (.*.guard, .*.gate, .*.fence)")
)

// bothErrors says what a person reads and matches what a program asks for.
type bothErrors struct{ text, match error }

func (e bothErrors) Error() string   { return e.text.Error() }
func (e bothErrors) Unwrap() []error { return []error{e.text, e.match} }

func badPath(path string, why, match error) error {
	return &fs.PathError{Op: "lock", Path: path, Err: bothErrors{why, match}}
}

// absolute makes a path independent of the working directory.
func absolute(path string) (string, error) {
	switch {
	case path == "":
		return "", badPath(path, errEmptyPath, fs.ErrInvalid)
	case strings.IndexByte(path, 0) >= 0:
		return path, badPath(path, errNUL, fs.ErrInvalid)
	}
	abs, err := fsys.Absolute(path)
	if err != nil {
		return path, &fs.PathError{Op: "lock", Path: path, Err: err}
	}
	return abs, nil
}

// split is the directory in which the lock's name is looked up, and the name.
func split(abs string) (dir, name string, err error) {
	dir, name = fsys.SplitPath(abs)
	switch {
	case name == "" || name == "." || name == "..":
		return "", "", badPath(abs, errNoFile, fs.ErrInvalid)
	case len(name) > maxName:
		return "", "", badPath(abs, errLongName, syscall.ENAMETOOLONG)
	case runtime.GOOS == "windows" && fsys.IsShort(name):
		// As long as the longer one does not exist it is another file: two locks.
		return "", "", badPath(abs, errShortName, fs.ErrInvalid)
	case fsys.IsSide(name):
		return "", "", badPath(abs, errSideFile, fs.ErrInvalid)
	}
	return dir, name, nil
}
