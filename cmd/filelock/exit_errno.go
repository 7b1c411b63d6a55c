//go:build !windows && !plan9

package main

import "syscall"

// cannotCreate are the errors of a place where no lock file can be made.
var cannotCreate = []error{
	syscall.EROFS, syscall.ENOSPC, syscall.EDQUOT, syscall.ENAMETOOLONG, syscall.EISDIR, syscall.EFBIG, syscall.ELOOP,
}
