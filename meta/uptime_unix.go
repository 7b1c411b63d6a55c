//go:build unix && !aix

package meta

import (
	"time"

	"golang.org/x/sys/unix"
)

func uptime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(bootClock, &t); err != nil {
		// There is no clock that could take its place: what was counted by one
		// cannot be counted on by another.
		panic("meta: clock_gettime: " + err.Error())
	}
	return time.Duration(t.Nano())
}
