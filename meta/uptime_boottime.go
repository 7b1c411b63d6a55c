//go:build linux || openbsd

package meta

import "golang.org/x/sys/unix"

const bootClock = unix.CLOCK_BOOTTIME
