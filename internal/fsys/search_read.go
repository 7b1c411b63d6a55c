//go:build unix && !aix && !darwin && !freebsd && !illumos && !linux && !solaris

package fsys

import "golang.org/x/sys/unix"

// openSearch is reading, which needs the right to read the directory as well:
// these systems have no other way, or none that the Go tools know of.
const openSearch = unix.O_RDONLY
