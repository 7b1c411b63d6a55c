package lock

import (
	"errors"
	"io/fs"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
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

	behind   bool // the last attempt gave way to those who wait in order
	lingered bool // the owner is of this process and has not let go at once
	overdue  bool // it is time to try out of turn
	noGate   bool // the gate cannot be had
	noPark   bool // nor a thread
	idle     int  // how often a thread came back at once, for nothing
	since    time.Time

	pace pace
	net  net
}

const (
	// linger is how long an owner of the same process is waited for in memory
	// alone. Most let go before, and wake us themselves.
	linger = time.Millisecond
	// mostIdle bounds how often a thread may come back at once and for nothing
	// before the next look is put off.
	mostIdle = 4
)

// net is the pause before a look that nothing has called for: the safety net
// under whoever is woken, in case he is not. It is long: an hour's wait is some
// hundred looks.
type net struct{ last time.Duration }

const (
	firstNet   = time.Second
	longestNet = 30 * time.Second
)

func (n *net) next() time.Duration {
	n.last = min(max(2*n.last, firstNet), longestNet)
	return n.last
}

// due says whether the lock is worth an attempt: not while another handle of
// this process has it, who will say so when it lets go. When that takes longer
// the attempt tells what to be woken by.
func (f *front) due() bool {
	return f.overdue || f.lingered || f.let != nil || !queues.held(f.h, f.mode)
}

// try is the next attempt.
func (f *front) try() *try {
	t := &try{mode: f.mode, how: polite, gate: f.gate, let: f.let}
	if f.gate != nil || f.let != nil || f.overdue || f.noGate {
		t.how = inTurn
	}
	f.gate, f.let, f.overdue = nil, nil, false
	return t
}

// tried takes back what an attempt did not use.
func (f *front) tried(t *try, err error) {
	f.gate, f.let, f.behind = t.gate, t.let, errors.Is(err, errGate)
	if f.spent != nil {
		// Not before the attempt: on the last descriptor of a removed file this
		// frees its inode, which takes longer than all the rest.
		f.h.logGate(f.spent.Close())
		f.spent = nil
	}
}

// arrange decides what the waiter is woken by after an attempt that failed: the
// channel, and the pause after which it looks in any case.
func (f *front) arrange(st *reaper.Status) (<-chan struct{}, time.Duration) {
	h := f.h
	if f.park != nil && f.elsewhere(st) {
		f.unpark()
	}
	switch {
	case f.park != nil:
		return f.park.done, f.net.next()
	case !h.wakes() || f.noPark:
		return nil, f.pace.next()
	case !f.lingered && queues.held(h, f.mode):
		return nil, linger
	case f.idle > mostIdle:
		f.idle = 0
		return nil, f.pace.next()
	}
	if f.wantsGate() && !f.toGate() {
		return f.waiting()
	}
	if f.gate != nil && f.behind {
		f.behind = false
		return closed, f.pace.most // our turn: try
	}
	switch {
	case h.proto.kind() == meta.KindFile && (f.behind || st == nil || st.KernelLocked()):
		f.toFile()
	case st != nil && st.KernelLocked():
		f.toSoft(st.ID(), st.Mode == "shared")
	default: // nothing that a thread could be blocked on
		return nil, f.pace.next()
	}
	return f.waiting()
}

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// waiting is what a waiter with a thread is woken by; without room for one it
// looks from time to time.
func (f *front) waiting() (<-chan struct{}, time.Duration) {
	if f.park == nil {
		return nil, f.pace.next()
	}
	f.since = f.h.cfg.host.Now()
	return f.park.done, f.net.next()
}

// elsewhere: the thread is blocked on the file of an owner who is not the one
// that was seen now.
func (f *front) elsewhere(st *reaper.Status) bool {
	at := f.park.spot
	return at.barrier == atSoft && st != nil && st.Exists && st.ID() != at.id
}

// wantsGate: it is in order to wait at the gate first. Those who want a shared
// lock do not: they would wait behind one who wants it for himself.
func (f *front) wantsGate() bool {
	return f.gate == nil && !f.noGate && f.mode == exclusive && !f.h.inner()
}

// toGate is true when the gate is ours at once, or cannot be had at all. Else
// it has parked a thread there.
func (f *front) toGate() bool {
	h := f.h
	at := spot{place: h.place(), barrier: atGate}
	if f.park = parks.find(at); f.park != nil {
		return false
	}
	g, err := h.openGate()
	if err == nil {
		if err = g.file.TryLock(fsys.Exclusive); err == nil {
			var named bool
			if named, err = g.named(); named {
				f.gate = g
				return true
			}
		}
	}
	if err != nil && !errors.Is(err, fsys.ErrLocked) {
		f.noGate = true
		if g != nil {
			err = errors.Join(err, g.close())
		}
		h.logGate(err)
		return true
	}
	var started bool
	f.park, started = parks.join(at, func(p *parked) passage {
		g, err := h.enterGate(g, func() bool { return parks.wanted(p) })
		return passage{gate: g, err: err}
	}, dropped(h))
	if !started { // another was quicker, or there is no room
		g.forgo()
	}
	return false
}

// toSoft parks a thread at the file of the owner that was seen. It asks for the
// shared lock, which disturbs nobody, and drops it before it tells anybody.
func (f *front) toSoft(id fsys.ID, ownerShares bool) {
	h, at := f.h, spot{place: f.h.place(), barrier: atSoft, id: id}
	how := fsys.Shared
	if ownerShares { // the shared lock would be granted at once
		how, at.mode = fsys.Exclusive, shared
	}
	f.park, _ = parks.join(at, func(*parked) passage {
		file, err := h.dir.Open(h.name, fsys.OpenRead)
		if errors.Is(err, fs.ErrNotExist) {
			return passage{}
		}
		if err != nil {
			return passage{err: err}
		}
		if file.OpenInfo().ID == at.id {
			if err = file.Lock(how); err == nil {
				err = file.Unlock()
			}
		}
		return passage{file: file, err: err}
	}, dropped(h))
}

// toFile parks a thread at the hard lock itself: what it is granted is the lock.
func (f *front) toFile() {
	h, m := f.h, f.mode
	f.park, _ = parks.join(spot{place: h.place(), barrier: atFile, mode: m}, func(p *parked) passage {
		let, err := h.waitForFile(p, m)
		if err != nil && let.file != nil {
			err = errors.Join(err, let.file.Close())
			let.file = nil
		}
		let.err = err
		return let
	}, dropped(h))
}

// waitForFile waits for the order lock, so for its turn, and then for the lock.
func (h *handle) waitForFile(p *parked, m mode) (let passage, err error) {
	let.writable = true
	let.file, err = h.dir.Open(h.name, fsys.OpenWrite|fsys.OpenDirToo)
	if errors.Is(err, fs.ErrPermission) {
		let.writable = false
		let.file, err = h.dir.Open(h.name, fsys.OpenRead|fsys.OpenDirToo)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return passage{}, nil
	case err != nil:
		return passage{}, err
	}
	if m == shared {
		return let, let.file.Lock(fsys.Shared)
	}
	// Without the right to write there is no exclusive order lock, and a
	// directory has none: then the turn is not waited for.
	if h.inner() && let.file.OrderLock(fsys.Exclusive, true) == nil {
		if !parks.queues(p, let.file) {
			return passage{}, let.file.Close()
		}
	}
	err = let.file.Lock(fsys.Exclusive)
	let.ordered = parks.ordered(p)
	return let, err
}

// dropped is what becomes of a passage that nobody waits for any more.
func dropped(h *handle) func(passage) {
	return func(p passage) {
		if p.gate != nil {
			p.gate.abandon()
		}
		if p.file != nil {
			h.logGate(p.file.Close())
		}
	}
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
	if let.err != nil {
		f.h.logGate(let.err)
		f.noGate, f.noPark = f.noGate || at == atGate, at != atGate
		return
	}
	switch at {
	case atGate:
		f.gate = let.gate
	case atSoft:
		f.spent = let.file
	case atFile:
		if let.file != nil {
			f.let = &let
		}
	}
}

// given is called when a handle of this process has handed the lock over.
func (f *front) given(let *passage) {
	if f.let != nil { // it had let go, and the thread was quicker
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

// end gives everything back.
func (f *front) end() {
	if f.park != nil {
		f.unpark()
	}
	let := passage{gate: f.gate}
	if f.let != nil {
		let.file = f.let.file
	}
	dropped(f.h)(let)
	if f.spent != nil {
		f.h.logGate(f.spent.Close())
	}
}
