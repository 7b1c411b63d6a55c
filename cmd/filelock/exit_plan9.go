package main

import (
	"errors"
	"io/fs"
	"syscall"
)

// errNotDir: what was to be a directory is none.
var errNotDir error = syscall.ENOTDIR

// systemErrors are the exit codes of errors of the system: here errors are
// texts, of which none is known.
var systemErrors []errorsOf

func systemHint(error) string { return "" }

// startHint is the next step when COMMAND could not be started.
func startHint(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "is the interpreter there that its first line (#!) names, or the one that it was linked for?"
	}
	return ""
}
