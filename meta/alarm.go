package meta

import "time"

// Alarm goes off at readings of [Uptime], also at once when the machine wakes up
// from a suspension during which one was passed, where the system can (Linux);
// elsewhere within 100 ms of that.
type Alarm struct {
	c chan struct{}
	alarm
}

// NewAlarm returns an alarm that is not set. It must be closed.
func NewAlarm() *Alarm {
	a := &Alarm{c: make(chan struct{}, 1)}
	a.start(a.ring)
	return a
}

// C receives when the alarm goes off. It may do so early, or twice.
func (a *Alarm) C() <-chan struct{} { return a.c }

// Set has the alarm go off at a reading of Uptime, instead of at the one before.
func (a *Alarm) Set(at time.Duration) { a.set(at) }

// Close ends the alarm.
func (a *Alarm) Close() { a.stop() }

func (a *Alarm) ring() {
	select {
	case a.c <- struct{}{}:
	default:
	}
}

// ticking is the alarm that a timer of the Go runtime makes, which stands still
// while the machine is suspended: so it is wound up again and again.
type ticking struct{ t *time.Timer }

const longestTick = 100 * time.Millisecond

func (a *ticking) start(ring func()) { a.t = time.AfterFunc(longestTick, ring) }
func (a *ticking) set(at time.Duration) {
	a.t.Reset(min(max(at-Uptime(), 0), longestTick))
}
func (a *ticking) stop() { a.t.Stop() }
