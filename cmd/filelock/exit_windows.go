package main

import "syscall"

// cannotCreate are the errors of a place where no lock file can be made:
// ERROR_WRITE_PROTECT, ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL,
// ERROR_FILENAME_EXCED_RANGE and what the syscall package makes up itself.
var cannotCreate = []error{
	syscall.Errno(19), syscall.Errno(39), syscall.Errno(112), syscall.Errno(206), syscall.ENAMETOOLONG, syscall.EISDIR,
}
