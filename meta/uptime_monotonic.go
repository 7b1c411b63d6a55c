//go:build darwin || freebsd

package meta

import "golang.org/x/sys/unix"

// On macOS it goes on while the system is asleep (clock_gettime(3)).
const bootClock = unix.CLOCK_MONOTONIC
