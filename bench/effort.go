//go:build linux

package main

import "time"

// effort is how much is measured.
type effort struct {
	rounds  int           // of all but those that have their own
	loop    time.Duration // a slice of locking what nobody else wants
	most    int           // its operations at most
	wakes   int           // wake-ups in a slice
	kills   int           // killed owners in a slice
	phase   time.Duration // how much longer than it must a waiter waits at most
	contend time.Duration // a slice of contention
	crowds  []int         // of how many processes
	hand    time.Duration // a slice of goroutines that contend
	waiter  time.Duration // how long a waiter's CPU time is watched
	files   int           // lock files to scan
	runs    int           // commands run in a slice
	all     bool          // contestants that need long slices, too
}

var (
	full = effort{
		rounds: 7, loop: 200 * time.Millisecond, most: 20_000, wakes: 20, kills: 10, phase: 50 * time.Millisecond,
		contend: 3 * time.Second, crowds: []int{2, 8, 32}, hand: time.Second, waiter: time.Minute,
		files: 100_000, runs: 30, all: true,
	}
	short = effort{
		rounds: 6, loop: 20 * time.Millisecond, most: 2000, wakes: 5, kills: 2, phase: 50 * time.Millisecond,
		contend: 200 * time.Millisecond, crowds: []int{2, 8, 32}, hand: 200 * time.Millisecond, waiter: 5 * time.Second,
		files: 10_000, runs: 3,
	}
	// tiny only shows that everything runs.
	tiny = effort{
		rounds: 1, loop: time.Millisecond, most: 3, wakes: 1, kills: 1, phase: time.Millisecond,
		contend: 30 * time.Millisecond, crowds: []int{2, 3}, hand: 30 * time.Millisecond, waiter: 100 * time.Millisecond,
		files: 20, runs: 1, all: true,
	}
)
