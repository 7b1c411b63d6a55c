package lock

import (
	"errors"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/waking"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// front is the state of a waiter that is the first of its process: the one
// which looks at the file, and is woken by what happens to it.
type front struct {
	h    *handle
	mode mode

	gate  *gate    // ours: nobody is before us
	park  *parked  // the thread that we wait for
	let   *passage // a hard lock that the thread has got for us
	spent fsys.File

	// opened is the file of the hard lock as the last attempt left it open, which
	// is blocked on at once or closed.
	opened *passage

	behind   bool // the last attempt gave way to those who wait in order
	lingered bool // the owner is of this process and has not let go at once
	overdue  bool // it is time to try out of turn
	noGate   bool // the gate cannot be had
	noPark   bool // nor a thread
	idle     int  // how often a thread came back at once, for nothing
	looks    int  // how often events called for a look at once
	since    time.Time

	events waking.Events
	pace   pace
	net    net
}

// leaseLook is how often the file of an owner with a lease is looked at.
const leaseLook = time.Second

// mostIdle bounds how often a thread may come back at once and for nothing
// before the next look is put off.
const mostIdle = 4

// Variables only for tests, which show that nobody is woken by the clock who
// should have been woken by an event.
var (
	// linger is how long an owner of the same process is waited for in memory
	// alone. Most let go before, and wake us themselves.
	linger     = time.Millisecond
	firstNet   = time.Second
	longestNet = 5 * time.Minute
)

// net is the pause before a look that nothing has called for: the safety net
// under whoever is woken, in case he is not. It is long: an hour's wait is some
// twenty looks, of half a millisecond of CPU time each, for everything is cold by
// then. Being woken for nothing, often, does not put the look off.
type net struct {
	last time.Duration
	at   time.Time // when the look is due; zero: not yet decided
}

func (n *net) pause() time.Duration {
	if n.at.IsZero() {
		n.last = min(max(2*n.last, firstNet), longestNet)
		n.at = time.Now().Add(n.last)
	}
	return time.Until(n.at)
}

// looked: a look was made, in turn or out of turn.
func (n *net) looked() { n.at = time.Time{} }

// due says whether the lock is worth an attempt: not while another handle of
// this process has it, who will say so when it lets go. When that takes longer
// the attempt tells what to be woken by.
func (f *front) due() bool {
	return f.overdue || f.lingered || f.let != nil || !queues.held(f.h, f.mode)
}

// try is the next attempt.
func (f *front) try() *try {
	t := &try{mode: f.mode, how: polite, gate: f.gate, let: f.let, looks: true}
	if f.gate != nil || f.let != nil || f.overdue || f.noGate {
		t.how = inTurn
		f.net.looked()
	}
	f.gate, f.let, f.overdue = nil, nil, false
	f.unopen() // by now the path may name another
	return t
}

// tried takes back what an attempt did not use.
func (f *front) tried(t *try, err error) {
	f.gate, f.let, f.opened, f.behind = t.gate, t.let, t.open, errors.Is(err, errGate)
	// Not before the attempt: on the last descriptor of a removed file this
	// frees its inode, which takes longer than all the rest.
	f.spend(nil)
}

// spend closes the file that was of no use but to be blocked on, and keeps the
// next.
func (f *front) spend(next fsys.File) {
	if f.spent != nil {
		f.h.logGate(f.spent.Close())
	}
	f.spent = next
}

// signs are what a waiter is woken by, and the pause after which it looks in
// any case.
type signs struct {
	through <-chan struct{} // the thread is back
	changed <-chan struct{} // something happened to the file
	ended   <-chan struct{} // the owner's process has ended
	pause   time.Duration
}

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// atOnce is no pause at all.
func (f *front) atOnce() signs { return signs{through: closed, pause: f.pace.most} }

// soon is where nothing wakes.
func (f *front) soon() signs { return signs{pause: f.pace.next()} }

// unopen closes a file that there is nothing to be blocked on for.
func (f *front) unopen() {
	if f.opened != nil {
		dropped(f.h)(*f.opened)
		f.opened = nil
	}
}

// arrange decides what the waiter is woken by after an attempt that failed.
func (f *front) arrange(st *reaper.Status) signs {
	h := f.h
	if f.park != nil && f.elsewhere(st) {
		f.unpark()
	}
	switch {
	case f.park != nil:
		return signs{through: f.park.done, pause: f.net.pause()}
	case !h.wakes():
		return f.soon()
	case !f.lingered && queues.held(h, f.mode):
		return signs{pause: linger}
	case f.bystander(st):
		f.ungate()
		return f.soon()
	case f.idle > mostIdle:
		f.idle = 0
		return f.soon()
	}
	if f.wantsGate() && !f.toGate() {
		return f.waiting(st)
	}
	if f.behind && !h.inner() {
		f.behind = false
		return f.atOnce() // our turn, or there are no turns
	}
	switch {
	case f.noPark:
	case h.proto.kind() == meta.KindFile && (f.behind || st == nil || st.KernelLocked()):
		f.toFile()
	case st != nil && st.KernelLocked():
		f.toSoft(st.ID(), st.Mode == "shared")
	}
	return f.waiting(st)
}

// waiting is what a waiter with a thread is woken by; without one it is events.
func (f *front) waiting(st *reaper.Status) signs {
	if f.park != nil {
		f.events.Close()
		f.since = f.h.cfg.host.Now()
		return signs{through: f.park.done, pause: f.net.pause()}
	}
	look, soon, err := f.events.Arm(f.h.dir, f.h.name, st)
	f.h.logGate(err)
	switch {
	case soon: // where nothing tells of the file, the owner's end may be told all the same
		s := f.soon()
		s.ended = f.events.Ended()
		return s
	case look && f.looks < mostIdle:
		f.looks++
		return f.atOnce()
	case look: // the file is another each time
		f.looks = 0
		return f.soon()
	}
	f.looks = 0
	pause := f.net.pause()
	if st != nil && st.Record != nil && st.Record.LeaseMS > 0 {
		pause = min(pause, leaseLook) // that it is not renewed is told by nothing
	}
	return signs{changed: f.events.Changed(), ended: f.events.Ended(), pause: pause}
}

// elsewhere: the thread is blocked on the file of an owner who is not the one
// that was seen now.
func (f *front) elsewhere(st *reaper.Status) bool {
	at := f.park.spot
	return at.barrier == atSoft && st != nil && st.Exists && st.ID() != at.id
}

// bystander: the caller will not get the lock by waiting for its owner's end: he
// cannot tell whether there is one (he may not read the file, say), or leaves
// the locks of the dead to others. Others may be able to: he is not to stand in
// their way at the gate.
func (f *front) bystander(st *reaper.Status) bool {
	switch {
	case st == nil:
		return false
	case st.State == reaper.Stale:
		return f.h.cfg.withoutReaping
	}
	return st.State == reaper.StateUnknown && !st.Passing()
}

// wantsGate: it is in order to wait at the gate first. Those who want a shared
// lock do not: they would wait behind one who wants it for himself.
func (f *front) wantsGate() bool {
	return f.gate == nil && !f.noGate && f.mode == exclusive && !f.h.inner()
}

// woken is called when the thread is back.
func (f *front) woken() {
	if f.park == nil {
		return
	}
	at := f.park.spot.barrier
	let := parks.leave(f.park)
	f.park = nil
	if f.h.cfg.host.Now().Sub(f.since) < firstPause {
		f.idle++
	} else {
		f.idle = 0
	}
	if let.file != nil && (at != atFile || let.err != nil) {
		f.spend(let.file)
	}
	if let.err != nil {
		f.h.logGate(let.err)
		f.noGate, f.noPark = f.noGate || at == atGate, at != atGate
		return
	}
	switch at {
	case atGate:
		f.gate = let.gate
	case atFile:
		if let.file != nil {
			f.given(&let)
		}
	}
}

// given is called with a hard lock that a handle of this process has handed
// over, or that the thread has got.
func (f *front) given(let *passage) {
	if f.let != nil { // one of them is on a file that the path named before
		dropped(f.h)(*f.let)
	}
	f.let = let
}

// roused is called when a handle of this process has let go.
func (f *front) roused() { f.lingered = false }

// paused is called when the pause is over.
func (f *front) paused() {
	if !f.lingered && f.park == nil && f.h.wakes() && queues.held(f.h, f.mode) {
		f.lingered = true
		return
	}
	f.overdue = true
}

func (f *front) unpark() {
	dropped(f.h)(parks.leave(f.park))
	f.park = nil
}

func (f *front) ungate() {
	if f.gate != nil {
		f.gate.leave()
		f.gate = nil
	}
}

// end gives everything back.
func (f *front) end() {
	f.events.Close()
	if f.park != nil {
		f.unpark()
	}
	left := try{gate: f.gate, let: f.let, open: f.opened}
	left.drop(f.h)
	f.spend(nil)
}
