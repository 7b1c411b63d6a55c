//go:build !windows && !plan9

package main

import "syscall"

// systemErrors are the exit codes of errors of the system, besides those that
// are fs.ErrNotExist or fs.ErrPermission.
var systemErrors = []errorsOf{
	{exitNoCreate, []error{
		syscall.EROFS, syscall.ENOSPC, syscall.EDQUOT, syscall.ENAMETOOLONG, syscall.EISDIR, syscall.EFBIG, syscall.ELOOP,
	}},
}

func systemHint(error) string { return "" }
