package lock

import (
	"fmt"
	"time"
)

// SetNet sets the pauses of the safety net and returns what they were. No call
// of Lock may be waiting.
func SetNet(first, longest time.Duration) (time.Duration, time.Duration) {
	f, l := firstNet, longestNet
	firstNet, longestNet = first, longest
	return f, l
}

// SetLinger sets for how long a waiter stays in memory while another handle of
// the process has the lock, and returns what it was.
func SetLinger(d time.Duration) time.Duration {
	was := linger
	linger = d
	return was
}

// MaxParked is how many threads may be blocked at once.
const MaxParked = maxParked

// Parked is how many are.
func Parked() int {
	parks.mu.Lock()
	defer parks.mu.Unlock()
	return len(parks.m)
}

// ParkedAt is how many of them are blocked for a path.
func ParkedAt(path string) (n int) {
	parks.mu.Lock()
	defer parks.mu.Unlock()
	for at := range parks.m {
		if at.path == path {
			n++
		}
	}
	return n
}

// Waiting is how many calls of Lock wait for a path.
func Waiting(path string) (n int) {
	queues.mu.Lock()
	defer queues.mu.Unlock()
	for at, l := range queues.m {
		for _, q := range l.queues {
			if at.path == path {
				n += q.Len()
			}
		}
	}
	return n
}

// AtRest is an error unless nobody of this process has or waits for the lock at
// a path, as far as its books say. A thread may be parked there still.
func AtRest(path string) error {
	queues.mu.Lock()
	defer queues.mu.Unlock()
	for at, l := range queues.m {
		switch {
		case at.path != path:
		case len(l.queues) > 0:
			return fmt.Errorf("%d queues are left", len(l.queues))
		case l.holds != (holds{}):
			return fmt.Errorf("holds %+v are left", l.holds)
		}
	}
	return nil
}

// WakeKeeper has the keeper look at the clock.
func WakeKeeper() {
	keeper.mu.Lock()
	defer keeper.mu.Unlock()
	if keeper.alarm != nil {
		keeper.alarm.Set(0)
	}
}

// Renewing is how many renewals are under way.
func Renewing() (n int) {
	keeper.mu.Lock()
	defer keeper.mu.Unlock()
	for _, r := range keeper.running {
		n += r.now
	}
	return n
}

// SetIDsMove has the number of an open file count as on FAT, and returns what it
// counted as.
func SetIDsMove(on bool) bool {
	defer func() { idsMove = on }()
	return idsMove
}

// Lines is how many places this process has in mind.
func Lines() int {
	queues.mu.Lock()
	defer queues.mu.Unlock()
	return len(queues.m)
}

// MostLines is how many of them may be of no use to anybody.
const MostLines = idleLines
