package meta

// bootClock is CLOCK_MONOTONIC (sys/_clock_id.h); package unix does not name it.
const bootClock = 4
