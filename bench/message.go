//go:build linux

package main

// request is what a contestant's process is told to do, a line of JSON. Times
// are nanoseconds; points in time are CLOCK_MONOTONIC's, which all processes
// share.
type request struct {
	Do      string `json:"do"`
	Path    string `json:"path"`
	For     int64  `json:"for"`     // loop, goroutines: how long
	Most    int    `json:"most"`    // loop: operations
	At      int64  `json:"at"`      // contend: when to begin
	Until   int64  `json:"until"`   // contend: when to end
	Section int64  `json:"section"` // contend: how long the lock is held
	N       int    `json:"n"`       // goroutines: how many
}

// reply is the answer.
type reply struct {
	Err    string  `json:"err"`
	At     int64   `json:"at"`     // when it happened
	Took   []int64 `json:"took"`   // loop: each operation; contend, goroutines: each wait
	Counts []int   `json:"counts"` // how many acquisitions, of each owner
	For    int64   `json:"for"`    // goroutines: how long it took indeed
	CPU    int64   `json:"cpu"`    // user and system time used meanwhile
	Allocs float64 `json:"allocs"` // loop: a lock and unlock
	Bytes  float64 `json:"bytes"`  // the same
	Memory int64   `json:"memory"` // scan: VmHWM, in bytes
}
