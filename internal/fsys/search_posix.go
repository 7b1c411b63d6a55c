//go:build aix || freebsd || illumos || solaris

package fsys

import "golang.org/x/sys/unix"

// openSearch opens a directory for looking names up in it, which needs the
// right to search it only.
const openSearch = unix.O_SEARCH
