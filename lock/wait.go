package lock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"

	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

func (h *handle) lock(ctx context.Context, limit time.Duration) error {
	return h.acquire(ctx, limit, exclusive)
}

func (h *handle) rlock(ctx context.Context, limit time.Duration) error {
	return h.acquire(ctx, limit, shared)
}

// hangs bounds a call that does not wait: so long may a filesystem take to
// answer.
const hangs = reaper.DefaultPatience

func (h *handle) tryLock(m mode) error {
	if err := h.check(); err != nil {
		return err
	}
	return h.once(context.Background(), m, nil)
}

// once tries once. why is Err of the HeldError when the lock is held.
func (h *handle) once(ctx context.Context, m mode, why error) error {
	start, bounded := time.Now(), ctx
	if !h.local.Load() { // the filesystem may hang
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeoutCause(ctx, hangs, errNoAnswer)
		defer cancel()
	}
	st, err := h.attempt(bounded, &try{mode: m, how: patient})
	if st != nil {
		err = h.heldError(st, time.Time{}, why)
	}
	h.logAcquire(ctx, start, 1, err)
	return err
}

func (h *handle) acquire(ctx context.Context, limit time.Duration, m mode) error {
	if ctx == nil {
		panic("lock: nil context")
	}
	if err := h.check(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return doneOnEntry(ctx, h.path)
	}
	start := time.Now()
	if ok, err := h.enter(m); ok || err != nil {
		return err
	}
	if limit == 0 {
		return h.once(ctx, m, timeoutError(0))
	}
	// Where another handle of this process has the lock there is nothing to try,
	// but the log is to say who that is.
	if queues.waited(h, m) || !h.logs() && queues.held(h, m) {
		return h.wait(ctx, limit, start, nil, &try{mode: m}, false)
	}
	// A limit only matters to the first attempt where its system calls may hang.
	first, cancel := ctx, context.CancelFunc(func() {})
	if limit > 0 && !h.local.Load() {
		first, cancel = context.WithTimeoutCause(ctx, limit, errLimit)
	}
	t := &try{mode: m}
	st, err := h.attempt(first, t)
	cancel()
	if st == nil && !errors.Is(err, errGate) {
		h.logAcquire(ctx, start, 1, err)
		return err
	}
	return h.wait(ctx, limit, start, st, t, st == nil)
}

// errLimit is the cause of a context that ended because the limit was over.
var errLimit = errors.New("timeout")

// errNoAnswer is the cause of a context that ended because a call hangs.
var errNoAnswer = errors.New("the filesystem does not answer")

// wait queues and tries again until the lock is taken or the wait ends. t is the
// first attempt and st what it saw, nil if none was made or it gave way to
// others (behind).
func (h *handle) wait(ctx context.Context, limit time.Duration, start time.Time, st *reaper.Status, t *try, behind bool) error {
	outer := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, start.Add(limit), errLimit)
		defer cancel()
	}
	w := queues.join(h, t.mode)
	defer queues.leave(w)
	seen := st
	if behind && h.logs() { // the log is to say who has it
		seen = h.explained(nil)
	}
	h.logWait(outer, seen)
	f := front{h: h, mode: t.mode, pace: h.pace(), behind: behind, opened: t.open}
	defer f.end()
	var timer *time.Timer // only the first needs one
	attempts, looked := 1, st != nil || behind
	for {
		first, given := queues.turn(w)
		if given != nil {
			f.given(given)
			looked = false
		}
		if !looked && (first && f.due() || h.taken()) {
			attempts++
			t := f.try()
			seen, err := h.attempt(ctx, t)
			f.tried(t, err)
			if seen == nil && !f.behind {
				h.logAcquire(outer, start, attempts, err)
				return err
			}
			if seen != nil {
				st = seen
			}
		}
		looked = false
		var by signs
		var look <-chan time.Time
		if first { // the others are woken when it is their turn
			by = f.arrange(st)
			if timer == nil {
				timer = time.NewTimer(by.pause)
				defer timer.Stop()
			} else {
				timer.Reset(by.pause)
			}
			look = timer.C
		}
		f.unopen()
		select {
		case <-w.wake:
			f.roused()
		case <-by.through:
			f.woken()
		case <-by.changed:
			f.events.Told()
		case <-by.ended:
			f.events.CloseOwner()
		case <-look:
			f.paused()
		case <-ctx.Done():
			st = h.explained(st)
			why := waitEnded(ctx)
			if errors.Is(context.Cause(ctx), errLimit) {
				why = timeoutError(limit)
			}
			err := h.heldError(st, start, why)
			h.logAcquire(outer, start, attempts, err)
			return err
		}
	}
}

// explained is what is known about the lock at the end of a wait, for people.
// st is what was seen last, without an explanation, or nil for a call that
// queued in memory all the time. Where the filesystem may hang it must do.
func (h *handle) explained(st *reaper.Status) *reaper.Status {
	if h.local.Load() {
		if now, err := h.reap.Examine(h.dir, h.name, true); err == nil && (now.Exists || st == nil) {
			return &now
		}
	}
	if st == nil {
		return &reaper.Status{Path: h.path}
	}
	return st
}

// pace is the pause between two looks at a held lock: short at first, for
// locks that are held for an instant, then longer, and never regular, so that
// waiters who began together do not look together.
type pace struct {
	last, most time.Duration
	network    bool
}

const firstPause = 500 * time.Microsecond

// pace is for a handle that has tried once, so it knows where it is.
func (h *handle) pace() pace {
	p := pace{most: h.cfg.poll, network: h.proto.kind() == meta.KindSoft && !h.local.Load()}
	if p.most == 0 {
		p.most = defaultPoll
		if p.network {
			p.most = netPoll
		}
	}
	return p
}

func (p *pace) next() time.Duration {
	if p.network { // in no second more than one, in the end
		p.last = min(max(p.last*2, netFirst), p.most)
		return p.last*2/3 + rand.N(p.last/3+1)
	}
	p.last = min(max(p.last*3/2, firstPause), p.most)
	return p.last/2 + rand.N(p.last/2+1)
}

// heldError says whom the lock is held by. start is when the wait began, zero
// for a call that does not wait.
func (h *handle) heldError(st *reaper.Status, start time.Time, why error) error {
	var waited time.Duration
	if !start.IsZero() {
		waited = time.Since(start)
	}
	j := st.Judgment
	if st.Record != nil && st.State == reaper.Held {
		var own string
		switch {
		case h.cfg.host.Tokens.Has(st.Record.Token):
			own = "another handle of this very process has it"
		case os.Getenv("FILELOCK_TOKEN") == st.Record.Token:
			own = "this very process runs under it (FILELOCK_TOKEN), so waiting for it waits for ever"
		}
		if own != "" {
			j.Evidence = append(j.Evidence[:len(j.Evidence):len(j.Evidence)], own)
		}
	}
	if d := st.Denied(); d != nil {
		why = errors.Join(why, d)
	}
	return &HeldError{Path: h.path, Record: st.Record, Judgment: j, Waited: waited, Err: why}
}

// unanswered is the error of an attempt that was given up on while a system
// call hung: nothing is known about the lock, so it is not ErrHeld.
func (h *handle) unanswered(ctx context.Context) error {
	err := waitEnded(ctx)
	if c := context.Cause(ctx); errors.Is(c, errLimit) || errors.Is(c, errNoAnswer) {
		err = ErrTimeout
	}
	return &fs.PathError{Op: "lock", Path: h.path, Err: fmt.Errorf("%w: %w", errNoAnswer, err)}
}
