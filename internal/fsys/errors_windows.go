package fsys

import (
	"io/fs"

	"golang.org/x/sys/windows"
)

// explained is an error of the system with what callers are to tell apart.
func explained(err error) error {
	switch err {
	case windows.ERROR_DELETE_PENDING:
		return &pendingError{}
	case windows.ERROR_SHARING_VIOLATION:
		return errUnshared
	case windows.ERROR_BAD_NETPATH:
		return errNoServer
	}
	return err
}

// pendingError: see ErrDeletePending. For who makes a file the name is taken,
// for who looks for the file it is gone.
type pendingError struct{ taken bool }

func (e *pendingError) Error() string { return ErrDeletePending.Error() }

func (e *pendingError) Is(target error) bool {
	if e.taken {
		return target == ErrDeletePending || target == fs.ErrExist
	}
	return target == ErrDeletePending || target == fs.ErrNotExist
}

// errUnshared: it was tried for sharePatience.
var errUnshared error = &otherError{"another program has the file open and does not share it", windows.ERROR_SHARING_VIOLATION}

// errNoServer is not fs.ErrNotExist, as package syscall has it: that the server
// does not answer says nothing about the file.
var errNoServer error = &otherError{windows.ERROR_BAD_NETPATH.Error(), windows.ERROR_BAD_NETPATH}

// otherError says the same as the system's error, and does not match what that
// does.
type otherError struct {
	text string
	is   error
}

func (e *otherError) Error() string        { return e.text }
func (e *otherError) Is(target error) bool { return target == e.is }

// What another does not share is not among them: it has been tried.
var passing = []error{
	windows.ERROR_LOCK_VIOLATION,
	windows.ERROR_BAD_NETPATH, windows.ERROR_NETWORK_BUSY, windows.ERROR_DEV_NOT_EXIST, windows.ERROR_UNEXP_NET_ERR, windows.ERROR_NETNAME_DELETED,
	windows.ERROR_REM_NOT_LIST, windows.ERROR_BAD_NET_RESP, windows.ERROR_ADAP_HDW_ERR, windows.ERROR_SEM_TIMEOUT, windows.ERROR_VC_DISCONNECTED,
	windows.ERROR_NETWORK_UNREACHABLE, windows.ERROR_HOST_UNREACHABLE, windows.ERROR_CONNECTION_ABORTED, windows.ERROR_CONNECTION_REFUSED,
	windows.ERROR_GRACEFUL_DISCONNECT, windows.ERROR_REQUEST_ABORTED, windows.ERROR_BUSY, windows.ERROR_IO_DEVICE,
}

// isStale: there is no such error. A file that is open exists, also on a server.
func isStale(error) bool { return false }

var full = []error{windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED}
