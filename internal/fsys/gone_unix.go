//go:build unix

package fsys

import (
	"errors"

	"golang.org/x/sys/unix"
)

var passing = []error{unix.EAGAIN, unix.EBUSY, unix.EHOSTDOWN, unix.EHOSTUNREACH, unix.EINVAL, unix.EIO, unix.ETIMEDOUT, unix.ECONNABORTED, unix.ECONNRESET, unix.ENOTCONN}

func isPassing(err error) bool {
	for _, p := range passing {
		if errors.Is(err, p) {
			return true
		}
	}
	return false
}

func isStale(err error) bool { return errors.Is(err, unix.ESTALE) }

func isFull(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }
