//go:build unix || windows

package fsys

import (
	"io/fs"
	"runtime"
	"strings"
)

// checkName refuses, before any system call, what is not a single component of
// a path: it could name a file outside the directory. NUL would end the name
// early.
func checkName(op, dir, name string) error {
	bad := name == "" || name == "." || name == ".."
	for i := 0; i < len(notInNames) && !bad; i++ { // strings.ContainsAny, at a third of the time
		bad = strings.IndexByte(name, notInNames[i]) >= 0
	}
	if bad {
		return &fs.PathError{Op: op, Path: dir + name, Err: errBadName}
	}
	if runtime.GOOS == "windows" {
		if err := badWin32Name(name); err != nil {
			return &fs.PathError{Op: op, Path: dir + name, Err: err}
		}
	}
	return nil
}

// kindError says that a name is another kind of thing than the one asked for.
type kindError struct{ is, want string }

func (e *kindError) Error() string        { return "is " + e.is + ", not " + e.want }
func (e *kindError) Is(target error) bool { return target == ErrIrregular }

// notRegular describes what was found where a regular file was looked for.
func notRegular(m fs.FileMode) error { return &kindError{kindOf(m), "a regular file"} }

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "a regular file"
	case m.IsDir():
		return "a directory"
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	case m&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "something special"
}
