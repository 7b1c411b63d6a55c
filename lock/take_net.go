package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// Where the kernel's lock on the inode says nothing to other hosts, a soft lock
// is held by its path and its record alone: see reaper.Claim.

const (
	// netRounds bounds the repetitions of one attempt: each means that somebody
	// else took, released or broke the lock in between, or an answer that said
	// nothing.
	netRounds = 16
	netPause  = 20 * time.Millisecond
	// netPoll is the longest pause between two looks over a network, which are
	// three requests each over NFSv4.2.
	netPoll = 1500 * time.Millisecond
	// netFirst is the first one.
	netFirst = 10 * time.Millisecond
	// senseless is how often a file is read that makes no sense: a server may
	// answer a read with half of a write.
	senseless = 3
	// oddAnswers is how many errors are put up with that may pass, and oddPause
	// the longest pause after one: some 3 s in all. A client of SMB says EINVAL for
	// a second to the opening of a file that another has just removed.
	oddAnswers = 20
	oddPause   = 250 * time.Millisecond
)

// odd waits after the nth answer that says nothing, and is false when there were
// too many.
func (h *handle) odd(n int) bool {
	if n >= oddAnswers {
		return false
	}
	h.cfg.host.Sleep(min(time.Duration(n)*netPause, oddPause))
	return true
}

// takeNet tries once. A waiter that found the lock held looks whether it still
// is, which is fewer requests than an attempt to make the file.
func (p softProtocol) takeNet(h *handle, t *try, class fsys.Class) (*hold, *reaper.Status, error) {
	odd, strange := 0, 0
	n := h.network.Load()
	asked := n == nil || n.known // class is that of where the file will be made, or its making says that it is not
	if n == nil {
		h.network.Store(&network{class: class})
	}
	for round := 1; ; round++ {
		if !t.looks || round > 1 {
			if !asked {
				var err error
				if class, err = h.stillNet(); err != nil {
					return nil, nil, err
				}
				if class.KernelBacked() {
					return p.take(h, t)
				}
				asked = true
			}
			hd, err := p.claim(h, class)
			switch {
			case err == nil:
				return hd, nil, nil
			case errors.Is(err, reaper.ErrElsewhere) && leftIn(err) == nil:
				return p.take(h, t) // once: what it is now is asked
			case errors.Is(err, reaper.ErrAgain) && round < netRounds:
				continue
			case fsys.MayPass(err) && leftIn(err) == nil:
				if odd++; h.odd(odd) {
					continue // a round more, of which there are enough
				}
				return nil, nil, netError(h, err)
			case !errors.Is(err, fs.ErrExist):
				return nil, nil, netError(h, err)
			}
		}
		seen, err := h.reap.Examine(h.dir, h.name, true)
		if err != nil {
			if odd++; !fsys.MayPass(err) || !h.odd(odd) {
				return nil, nil, asLockError(h, err)
			}
			continue
		}
		switch next, err := p.metNet(h, &seen, round); {
		case errors.Is(err, ErrNotLockFile):
			if strange++; strange == senseless {
				return nil, nil, err
			}
			h.cfg.host.Sleep(netPause)
		case err != nil:
			return nil, nil, err
		case next == giveWay, round >= netRounds:
			return nil, &seen, nil
		case !seen.Exists && round > 1:
			h.cfg.host.Sleep(netPause) // there, and then not
		}
	}
}

// metNet decides what to do about the file that is there.
func (softProtocol) metNet(h *handle, st *reaper.Status, round int) (step, error) {
	switch {
	case !st.Exists:
		return tryAgain, nil
	case st.Denied() != nil:
		return giveWay, nil
	case st.State == reaper.StateUnknown && st.Passing(): // it could not be seen
		return giveWay, nil
	case st.Kind == meta.KindFile:
		return giveWay, fmt.Errorf("lock %q: %w: it is a hard lock's file, and over a network a soft lock cannot wait for it", h.path, ErrNotLockFile)
	case st.Content == meta.Malformed, st.Content == meta.Newer:
		return giveWay, notLockFile(h.path, st)
	case st.State != reaper.Stale, h.cfg.withoutReaping:
		return giveWay, nil
	}
	start := time.Now()
	err := h.reap.Remove(h.dir, h.name, *st)
	h.logBreak(st, round, start, err)
	switch {
	case err == nil, errors.Is(err, reaper.ErrChanged):
		return tryAgain, nil
	case errors.Is(err, reaper.ErrGuarded):
		st.Evidence = append(st.Evidence[:len(st.Evidence):len(st.Evidence)], err.Error())
		return giveWay, nil
	case errors.Is(err, fsys.ErrLocked):
		return giveWay, nil
	case errors.Is(err, fs.ErrPermission):
		return giveWay, &HeldError{Path: h.path, Record: st.Record, Judgment: st.Judgment, Err: err}
	}
	return giveWay, asLockError(h, err)
}

// claim makes the lock file.
func (softProtocol) claim(h *handle, class fsys.Class) (*hold, error) {
	lease := h.leaseFor(false)
	hd := &hold{leaseMS: lease.Milliseconds()}
	c, err := h.reap.Claim(h.dir, h.name, reaper.Making{
		Perm: h.cfg.mode, Exact: h.cfg.exact, Lease: lease, Aside: class.KeepsNames(),
		Record: func(info fsys.Info, token string) (_ []byte, err error) {
			if err := h.rememberNet(info, class); err != nil {
				return nil, err
			}
			if err := h.raiseFence(hd); err != nil {
				return nil, err
			}
			hd.since = h.cfg.host.Now()
			hd.what = meta.Filling{Token: token, Created: hd.since}
			b, err := h.recordOf(hd).Encode()
			if err != nil {
				return nil, fmt.Errorf("lock %q: %w: %w", h.path, ErrOption, err)
			}
			return b, nil
		},
	})
	if err != nil {
		return nil, err
	}
	hd.file, hd.id, hd.claim = c.File, c.ID, c
	if lease > 0 {
		hd.letLease(h, lease.Truncate(time.Millisecond), c.Since) // as the record says it
	}
	return hd, nil
}

// leftIn is what an error says was left behind of ours; nil: nothing.
func leftIn(err error) *reaper.LeftError {
	var l *reaper.LeftError
	errors.As(err, &l)
	return l
}

// netError is the error of a claim.
func netError(h *handle, err error) error {
	if l := leftIn(err); l != nil {
		return errors.Join(leftBehind(h, l.Token, l.Err), asLockError(h, err))
	}
	return asLockError(h, err)
}

// releaseNet removes the lock file: at once while at least half of the lease is
// left, else under a guard.
func (softProtocol) releaseNet(h *handle, hd *hold) error {
	young := func() bool { return true }
	if hd.lease != nil {
		young = hd.lease.young
		if !keeper.stop(hd.lease, hd.file) {
			hd.claim.Keep() // the renewal that hangs closes it
		}
	}
	return h.released(hd, func() error { return hd.claim.Release(young) })
}

// releaseLeased removes the file of a lock with a lease where the kernel's lock
// guards it: a frozen owner is to lose it too, so nobody holds the kernel lock
// but while removing it.
func (softProtocol) releaseLeased(h *handle, hd *hold) error {
	closes := keeper.stop(hd.lease, hd.file)
	return h.released(hd, func() error {
		err := h.reap.ReleaseOwn(h.dir, h.name, hd.what.Token)
		if closes {
			err = errors.Join(err, hd.file.Close())
		}
		h.cfg.host.Tokens.Remove(hd.what.Token)
		return err
	})
}

// released does what ends a hold. With a lease it is over by itself where nothing
// answers, so that is not waited for for long after the lease's end.
func (h *handle) released(hd *hold, release func() error) error {
	var err error
	if hd.lease == nil {
		err = release()
	} else {
		left := max(hd.lease.until()-h.cfg.host.Uptime(), 0)
		done := make(chan error, 1)
		go func() { done <- release() }()
		t := time.NewTimer(min(left, math.MaxInt64-hangs) + hangs)
		defer t.Stop()
		select {
		case err = <-done:
		case <-t.C: // it is over, whatever comes of the release
			err = fmt.Errorf("%w: %w", h.lostError(), errNoAnswer)
		}
	}
	if errors.Is(err, reaper.ErrChanged) {
		return h.lostError()
	}
	return err
}
