//go:build solaris || illumos

package meta

// bootClock is CLOCK_HIGHRES, also called CLOCK_MONOTONIC (sys/time_impl.h);
// package unix does not name it.
const bootClock = 4
