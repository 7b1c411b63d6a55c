package lock

import (
	"context"
	"sync"
	"time"

	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// A system call on a dead mount cannot be cancelled. Where one may hang, an
// attempt runs in a goroutine of its own, one per path; a caller whose context
// ends leaves it there, and what it may yet take is released at once.
var calls = callSet{m: make(map[place]*call)}

type callSet struct {
	mu sync.Mutex
	m  map[place]*call
}

type call struct {
	done chan struct{}
	left bool // nobody waits for the answer any more; guarded by callSet.mu
	t    try  // the call's own: what it was given and has not used is in it
	hd   *hold
	st   *reaper.Status
	err  error
}

// hangGrace is how long after the end of its context a call may go on before
// it counts as hanging: a healthy filesystem answers in far less, and then the
// caller learns who holds the lock.
const hangGrace = 100 * time.Millisecond

// answered waits for a call until hangGrace after the end of ctx.
func answered(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
	}
	t := time.NewTimer(hangGrace)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}

// bounded is protocol.take that returns when ctx is done.
func (h *handle) bounded(ctx context.Context, t *try) (*hold, *reaper.Status, error) {
	if ctx.Done() == nil || h.local.Load() {
		return h.proto.take(h, t)
	}
	for {
		calls.mu.Lock()
		before := calls.m[h.place()]
		if before == nil {
			break
		}
		calls.mu.Unlock()
		if !answered(ctx, before.done) {
			return nil, nil, h.unanswered(ctx)
		}
	}
	c := &call{done: make(chan struct{}), t: *t}
	calls.m[h.place()] = c
	calls.mu.Unlock()
	go c.run(h)
	if answered(ctx, c.done) {
		*t = c.t
		return c.hd, c.st, c.err
	}
	calls.mu.Lock()
	defer calls.mu.Unlock()
	select {
	case <-c.done: // in the same moment
		*t = c.t
		return c.hd, c.st, c.err
	default:
		c.left = true
		t.gate, t.let = nil, nil // the call uses them, or drops them
		return nil, nil, h.unanswered(ctx)
	}
}

func (c *call) run(h *handle) {
	if h.proto.kind() == meta.KindFile { // a soft lock asks in any case
		if class, err := h.dir.Class(); err == nil && class.Local {
			h.local.Store(true) // from now on without all this
		}
	}
	c.hd, c.st, c.err = h.proto.take(h, &c.t)
	calls.mu.Lock()
	left := c.left
	if !left {
		h.finish(c)
	}
	calls.mu.Unlock()
	if !left {
		return
	}
	if c.hd != nil {
		h.keep(c.hd, &c.t)
		h.logAbandoned(c.hd, h.release(c.hd))
	}
	c.t.drop(h)
	calls.mu.Lock()
	h.finish(c)
	calls.mu.Unlock()
}

// finish ends a call; the caller has calls.mu.
func (h *handle) finish(c *call) {
	delete(calls.m, h.place())
	close(c.done)
}
