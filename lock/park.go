package lock

import (
	"sync"

	"github.com/filelock-go/filelock/internal/fsys"
)

// Waiters are woken by the kernel: a thread of the process blocks on the kernel
// lock that stands in its way, and is let through the moment its owner lets go
// or ends. A blocked thread cannot be called back. So it belongs to nobody: the
// waiters of a process that are stopped by the same lock share one, a waiter
// that leaves leaves it behind for the next, and what it is given when nobody
// waits any more it drops at once. Whoever owns a lock, it is not the thread.
var parks = parkSet{m: make(map[spot]*parked)}

// maxParked bounds the threads that are blocked at once. A waiter that finds no
// room looks from time to time instead.
const maxParked = 64

type barrier uint8

const (
	atGate barrier = iota // the gate's file
	atSoft                // the file of a soft lock, which its owner has locked
	atFile                // the hard lock itself
)

// spot is what a thread is blocked on.
type spot struct {
	place
	barrier barrier
	mode    mode
	id      fsys.ID // atSoft: of the owner's file; the next owner's is another
}

type parkSet struct {
	mu sync.Mutex
	m  map[spot]*parked
}

// parked is one thread that is blocked on a kernel lock, or about to be.
type parked struct {
	spot spot
	done chan struct{} // closed when it was let through, or will not be

	users int       // who waits for it; guarded by parkSet.mu, like what follows
	queue fsys.File // atFile: it waits in order, by the order locks of this file
	let   passage
	drop  func(passage) // what becomes of a passage that nobody waits for
}

// passage is what a thread brings back: nothing if what it was to be blocked on
// is not there any more.
type passage struct {
	gate     *gate // atGate
	file     fsys.File
	writable bool // atFile: a record may be written
	chain    *chain
	err      error
}

// join finds the thread that is blocked at a spot, or starts one that calls
// block. nil when there is no room. The caller must leave it.
func (s *parkSet) join(at spot, block func(*parked) passage, drop func(passage)) (_ *parked, started bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.m[at]
	if p == nil {
		if len(s.m) >= maxParked {
			return nil, false
		}
		p, started = &parked{spot: at, done: make(chan struct{}), drop: drop}, true
		s.m[at] = p
		go parkedWaiter(s, p, block)
	}
	p.users++
	return p, started
}

// find is join of a thread that is there already, nil if there is none.
func (s *parkSet) find(at spot) *parked {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.m[at]
	if p != nil {
		p.users++
	}
	return p
}

// parkedWaiter is the goroutine of a blocked thread; leak checkers may know it
// by this name. It ends when the kernel lock that it waits for is let go, which
// may be long after the last call of Lock that waited has returned.
func parkedWaiter(s *parkSet, p *parked, block func(*parked) passage) {
	if begins := p.spot.host.Parks; begins != nil {
		begins()
	}
	let := block(p)
	s.mu.Lock()
	delete(s.m, p.spot)
	p.let = let
	close(p.done)
	unwanted := p.users == 0
	s.mu.Unlock()
	if unwanted {
		p.drop(let)
	}
}

// wanted says whether anybody waits for a thread.
func (s *parkSet) wanted(p *parked) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.users > 0
}

// queues notes that a thread waits in order; false when nobody waits for it any
// more.
func (s *parkSet) queues(p *parked, f fsys.File) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.users == 0 {
		return false
	}
	p.queue = f
	return true
}

// leave ends the caller's wait for a thread. If it was let through, what it
// brought is the caller's, unless another was quicker.
func (s *parkSet) leave(p *parked) passage {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.users--
	select {
	case <-p.done:
		let := p.let
		p.let = passage{err: let.err}
		return let
	default:
	}
	if p.users == 0 && p.queue != nil {
		// Nobody is to stand behind a waiter that has left. If it was his turn
		// it is the next one's now. If it was not, the thread has the turn for
		// an instant some time. An error costs others their order, for a while.
		_ = p.queue.OrderUnlock()
		p.queue = nil
	}
	return passage{}
}
