package lock

import (
	"context"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/reaper"
)

// Parts are the steps of a wait one by one, without its timers, for this
// project's search through all schedules. Like [InHost] it is of no use to
// others.
type Parts struct {
	f     front
	w     *waiter
	ready chan struct{} // closed when Leave may be called
	left  bool
}

// InParts is a wait for the exclusive or shared lock of a handle in a simulated
// world, on a filesystem where threads are parked.
func InParts(_ *host.Host, l Locker, share bool) *Parts {
	p := &Parts{ready: make(chan struct{})}
	switch l := l.(type) {
	case *Soft:
		p.f.h = &l.handle
	case *File:
		p.f.h = &l.handle
	}
	if share {
		p.f.mode = shared
	}
	p.f.h.local.Store(true)
	return p
}

// AtOwner waits, as a thread of its own does, for the kernel lock on the file
// that was seen under the path. It is false when the waiter has left meanwhile.
func (p *Parts) AtOwner(seen fsys.ID, ownerShares bool) bool {
	p.f.toSoft(seen, ownerShares)
	return p.back()
}

// AtFile waits so for the hard lock.
func (p *Parts) AtFile() bool {
	p.f.toFile()
	return p.back()
}

// AtGate waits so for the gate.
func (p *Parts) AtGate() bool {
	return p.f.toGate() || p.back()
}

// back waits for the thread, and if the waiter has left for what the thread
// does with what it was given.
func (p *Parts) back() bool {
	t := p.f.park
	drop, over := t.drop, make(chan struct{})
	t.drop = func(let passage) {
		drop(let)
		close(over)
	}
	close(p.ready)
	<-t.done
	if p.left {
		<-over
		return false
	}
	p.f.woken()
	p.ready = make(chan struct{})
	return true
}

// Leave gives up the wait, as a cancelled context does. Leave and Relay are
// called by what the thread is blocked in.
func (p *Parts) Leave() {
	<-p.ready
	p.left = true
	p.f.end()
}

// Relay gives up the wait, and another waiter of the process finds the thread.
func (p *Parts) Relay() {
	<-p.ready
	at := p.f.park.spot
	p.f.end()
	p.f = front{h: p.f.h, mode: p.f.mode, park: parks.find(at)}
}

// InTurn says that the next attempt does not give way to others, since the
// waiter has the gate, or has been given the lock.
func (p *Parts) InTurn() bool { return p.f.gate != nil || p.f.let != nil }

// Queue begins to wait in memory behind the other handles of this process.
func (p *Parts) Queue() { p.w = queues.join(p.f.h, p.f.mode) }

// Given takes what one of them has handed over; false if nothing.
func (p *Parts) Given() bool {
	_, let := queues.turn(p.w)
	if let != nil {
		p.f.given(let)
	}
	return let != nil
}

// Try makes one attempt, with what the waiter has by now; ErrHeld when another
// has the lock or waits for it in order.
func (p *Parts) Try() error {
	t := p.f.try()
	st, err := p.f.h.attempt(context.Background(), t)
	p.f.tried(t, err)
	if p.f.behind {
		st = &reaper.Status{Path: p.f.h.path}
	}
	if st != nil {
		err = p.f.h.heldError(st, time.Time{}, nil)
	}
	return err
}

// Pass is what the attempt does with the gate that takes the lock. leave is then
// called when the lock is let go, unless it is nil.
func (p *Parts) Pass() (leave func()) {
	g := p.f.gate
	p.f.gate = nil
	if g == nil {
		return nil
	}
	g.pass()
	return g.leave
}

// Queued is what a newcomer is told who would wait his turn.
func (p *Parts) Queued() bool { return p.f.h.queued() }

// End gives everything back.
func (p *Parts) End() {
	if p.w != nil {
		queues.leave(p.w)
	}
	p.f.end()
}
