//go:build !windows && !plan9

package main

import (
	"errors"
	"io/fs"
	"syscall"
)

// errNotDir: what was to be a directory is none.
var errNotDir error = syscall.ENOTDIR

// systemErrors are the exit codes of errors of the system, besides those that
// are fs.ErrNotExist or fs.ErrPermission.
var systemErrors = []errorsOf{
	{exitNoCreate, []error{
		syscall.EROFS, syscall.ENOSPC, syscall.EDQUOT, syscall.ENAMETOOLONG, syscall.EISDIR, syscall.EFBIG, syscall.ELOOP,
	}},
}

func systemHint(error) string { return "" }

// startHint is the next step when COMMAND could not be started.
func startHint(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "is the interpreter there that its first line (#!) names, or the one that it was linked for?"
	}
	return ""
}
