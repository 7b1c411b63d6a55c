package meta

// bootClock is CLOCK_MONOTONIC (sys/time.h); package unix does not name it.
const bootClock = 3
