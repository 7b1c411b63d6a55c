package lock

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

type mode uint8

const (
	exclusive mode = iota
	shared
)

// protocol is how one kind of lock is taken and released. The handle around it
// does the nesting, the waiting and the bookkeeping.
type protocol interface {
	kind() string
	// take tries once. It returns a hold, or whom the lock is held by, or an
	// error that no waiting mends, or errGate.
	take(h *handle, t *try) (*hold, *reaper.Status, error)
	// release ends what take returned; the descriptor is closed in any case.
	release(h *handle, hd *hold) error
}

// try is one attempt to take a lock.
type try struct {
	mode mode
	how  manner
	gate *gate    // ours, and passed when the lock is taken
	let  *passage // a hard lock that was waited for, used up by the attempt
	open *passage // a hard lock's file that the attempt opened in vain, to be blocked on

	looks bool // over a network: the lock was held, so look before trying
}

// manner is how an attempt goes about it.
type manner uint8

const (
	// polite gives way to those who wait in order.
	polite manner = iota
	// inTurn does not: it is the caller's turn, or he has waited for so long
	// that he asks out of turn.
	inTurn
	// patient is for a caller that does not wait and will not come back: it
	// takes no notice of the order, and looks again for a moment before it
	// believes a kernel lock that may be a passing one.
	patient
)

// handle is what Soft and File have in common: one owner of one path.
type handle struct {
	path  string
	dir   fsys.Dir
	name  string
	gate  string // the name of the side file
	cfg   config
	proto protocol
	bad   error // what is wrong with path or options
	reap  *reaper.Reaper

	// turn is a mutex that a wait for it can be cancelled: whoever puts the
	// value in may try to take or release the lock file.
	turn    chan struct{}
	known   atomic.Bool               // the path was locked before, so it is a file or a directory; see fileProtocol
	local   atomic.Bool               // the directory was seen on a local filesystem, whose calls do not hang
	classed atomic.Bool               // local was asked for already
	wrote   atomic.Pointer[ownRecord] // see fileProtocol
	form    atomic.Pointer[meta.Form] // see written
	mount   atomic.Pointer[mount]     // see softProtocol
	network atomic.Pointer[network]   // see rememberNet
	line    *line                     // the last one known; guarded by queueSet.mu

	mu      sync.Mutex
	hold    *hold
	n       int // locks not yet undone
	waiting map[*waiter]struct{}
}

func (h *handle) init(path string, p protocol, opts []Option) {
	h.proto, h.cfg = p, newConfig(opts)
	h.turn = make(chan struct{}, 1)
	h.reap = reaper.In(h.cfg.host).AsNetwork(h.cfg.network)
	if h.path, h.bad = absolute(path); h.bad == nil {
		var dir string
		if dir, h.name, h.bad = split(h.path); h.bad == nil {
			h.dir, h.gate = h.cfg.host.FS.At(dir), fsys.GateName(h.name)
			h.bad = h.checkOptions()
		}
	}
}

func (h *handle) checkOptions() error {
	c := &h.cfg
	switch {
	case !c.leased:
	case h.proto.kind() != meta.KindSoft:
		c.refuse("WithLease(%s): a hard lock is the operating system's, which knows no lease", c.lease)
	case c.onBehalf != nil && c.lease > 0:
		c.refuse("WithLease(%s): nobody would renew it for another process", c.lease)
	}
	if c.fence && h.proto.kind() != meta.KindSoft {
		c.refuse("WithFence: a hard lock has no record that could name the fence")
	}
	if c.withoutRecord && h.proto.kind() == meta.KindSoft {
		c.refuse("WithoutRecord: a soft lock is its record")
	}
	if c.note != "" || c.labels != nil || c.program != "" {
		r := h.newRecord("")
		r.LeaseMS, r.Fence = math.MaxInt64, math.MaxUint64
		// The longest that taking the lock may still add.
		r.Token, r.Inode, r.Device, r.Filesystem = "00000000-0000-4000-8000-000000000000", "18446744073709551615", "18446744073709551615", "0123456789abcdef0123456789abcdef"
		switch b, err := r.Encode(); {
		case err != nil:
			c.refuse("note, labels and program: %v", err)
		case len(b) > meta.MaxSize-fileUnit: // what padding may add
			c.refuse("note, labels and program: %v", meta.ErrTooLarge)
		}
	}
	if len(c.errs) > 0 {
		return fmt.Errorf("lock %q: %w", h.path, errors.Join(c.errs...))
	}
	return nil
}

// check is the error of a call that cannot succeed whatever the lock's state.
func (h *handle) check() error {
	if h.turn == nil { // the zero handle
		_, err := absolute("")
		return err
	}
	return h.bad
}

// enter nests in the present hold, if there is one.
func (h *handle) enter(m mode) (entered bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.overdue()
	switch {
	case h.hold == nil:
		return false, nil
	case h.hold.over:
		return false, fmt.Errorf("lock %q: %w", h.path, ErrLost)
	case m == exclusive && h.hold.mode == shared:
		return false, fmt.Errorf("lock %q: %w", h.path, ErrShared)
	}
	h.n++
	return true, nil
}

// attempt enters the present hold or tries once to take the lock. It returns
// whom the lock is held by when it is contended, nil when it is taken.
func (h *handle) attempt(ctx context.Context, t *try) (*reaper.Status, error) {
	if st, err := h.takeTurn(ctx); st != nil || err != nil {
		return st, err
	}
	defer func() { <-h.turn }()
	if ok, err := h.enter(t.mode); ok || err != nil {
		return nil, err
	}
	hd, st, err := h.bounded(ctx, t)
	if hd == nil {
		return st, err
	}
	queues.took(h, t.mode)
	hd.counted = true
	h.keep(hd, t)
	h.mu.Lock()
	h.hold, h.n = hd, 1
	for w := range h.waiting {
		w.rouse() // they may nest now
	}
	h.mu.Unlock()
	return nil, nil
}

// keep makes what an attempt came in order with the hold's.
func (h *handle) keep(hd *hold, t *try) {
	if t.gate != nil {
		t.gate.pass()
		hd.gate = t.gate
	}
	t.gate, t.let = nil, nil
}

// takeTurn gets the turn. When ctx ends first, another goroutine is trying or
// releasing: that is contention, unless what it does hangs.
func (h *handle) takeTurn(ctx context.Context) (*reaper.Status, error) {
	select {
	case h.turn <- struct{}{}:
		return nil, nil
	default:
	}
	select {
	case h.turn <- struct{}{}:
		return nil, nil
	case <-ctx.Done():
	}
	if !h.local.Load() {
		t := time.NewTimer(hangGrace)
		defer t.Stop()
		select {
		case h.turn <- struct{}{}:
			return nil, nil
		case <-t.C:
			return nil, h.unanswered(ctx)
		}
	}
	return h.explained(nil), nil
}

func (h *handle) locked() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.overdue()
	return h.hold != nil && !h.hold.over
}

// taken: there is a hold to enter, or to learn the loss of.
func (h *handle) taken() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hold != nil
}

func (h *handle) lost() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.overdue()
	if h.hold == nil {
		return nil
	}
	if h.hold.lost == nil {
		h.hold.lost = make(chan struct{})
		if h.hold.over {
			close(h.hold.lost)
		}
	}
	return h.hold.lost
}
