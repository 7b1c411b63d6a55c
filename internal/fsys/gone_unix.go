//go:build unix

package fsys

import (
	"errors"

	"golang.org/x/sys/unix"
)

func isStale(err error) bool { return errors.Is(err, unix.ESTALE) }
