//go:build unix || windows

package fsys

import (
	"io/fs"
	"strings"
)

// checkName refuses, before any system call, what is not a single component of
// a path: it could name a file outside the directory. NUL would end the name
// early.
func checkName(op, dir, name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, notInNames) {
		return &fs.PathError{Op: op, Path: dir + name, Err: errBadName}
	}
	return nil
}
