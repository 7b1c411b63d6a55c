package main

import (
	"errors"
	"syscall"

	"golang.org/x/sys/windows"
)

// errNotDir: what was to be a directory is none.
var errNotDir error = windows.ERROR_DIRECTORY

// systemErrors are the exit codes of Windows's errors, besides those that are
// fs.ErrNotExist or fs.ErrPermission.
var systemErrors = []errorsOf{
	{exitNoDir, []error{
		windows.ERROR_INVALID_DRIVE, windows.ERROR_NOT_READY, windows.ERROR_BAD_NET_NAME, windows.ERROR_BAD_PATHNAME,
	}},
	{exitNoCreate, []error{
		windows.ERROR_WRITE_PROTECT, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED,
		windows.ERROR_FILENAME_EXCED_RANGE, windows.ERROR_BUFFER_OVERFLOW, windows.ERROR_INVALID_NAME, windows.ERROR_FILE_TOO_LARGE,
		windows.ERROR_CANT_RESOLVE_FILENAME, syscall.ENAMETOOLONG, syscall.EISDIR,
		errors.ErrUnsupported, // a directory: LockFileEx locks none
	}},
	{exitPermission, append(inUse, windows.ERROR_NETWORK_ACCESS_DENIED, windows.ERROR_PRIVILEGE_NOT_HELD)},
}

// inUse: another program has the file open and does not share it, or has locked
// the part that was to be read or written.
var inUse = []error{windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION}

// systemHint is the next step for Windows's errors, or "".
func systemHint(err error) string {
	for _, e := range inUse {
		if errors.Is(err, e) {
			return "another program has the file open and does not share it: when that has closed it, try again"
		}
	}
	switch {
	case errors.Is(err, windows.ERROR_NOT_READY):
		return "is there a disk in the drive?"
	case errors.Is(err, errors.ErrUnsupported):
		return "on Windows a lock is a file, and cannot be a directory: choose one in it"
	}
	return ""
}

// startHint is the next step when COMMAND could not be started.
func startHint(err error) string {
	switch {
	case errors.Is(err, windows.ERROR_BAD_EXE_FORMAT):
		return "it is no program of this machine's: for a script, COMMAND is its interpreter, or -c STRING"
	case errors.Is(err, windows.ERROR_ELEVATION_REQUIRED):
		return "it wants an administrator's rights: start filelock with these"
	}
	return ""
}
