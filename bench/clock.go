//go:build linux

package main

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// monotonic is the time that all processes of this machine agree on.
func monotonic() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(err) // there is no Linux without it
	}
	return ts.Nano()
}

// pause holds the thread up, as work would that does not use the CPU.
func pause(d time.Duration) {
	ts := unix.NsecToTimespec(d.Nanoseconds())
	for errors.Is(unix.Nanosleep(&ts, &ts), unix.EINTR) {
	}
}

func pauseUntil(at int64) { pause(time.Duration(max(at-monotonic(), 0))) }

// cpuTime is what this process has used so far, user and system.
func cpuTime() int64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
