//go:build unix

package fsys

import (
	"errors"

	"golang.org/x/sys/unix"
)

var passing = []error{unix.EAGAIN, unix.EBUSY, unix.EHOSTDOWN, unix.EHOSTUNREACH, unix.EINVAL, unix.EIO, unix.ETIMEDOUT, unix.ECONNABORTED, unix.ECONNRESET, unix.ENOTCONN}

func isStale(err error) bool { return errors.Is(err, unix.ESTALE) }

var full = []error{unix.ENOSPC, unix.EDQUOT}
