package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// softProtocol takes and releases a soft lock. What is here and in own_soft.go is
// for where the kernel's lock on the inode is the guard (for elsewhere see
// takeNet): whoever removes the file that the path names holds the exclusive
// kernel lock on that inode while it checks and unlinks, and the owner holds it
// from before its record is written until after the file is gone. A crash
// anywhere frees the kernel lock, and that is the proof of death.
type softProtocol struct{}

func (softProtocol) kind() string { return meta.KindSoft }

const (
	// rounds bounds the repetitions of one attempt. Each means that somebody
	// else took, released or broke the lock in between.
	rounds = 64
	// probeTries and probePause: how long the creator of a lock file puts up
	// with probers, each of which has the kernel lock for some microseconds.
	probeTries = 200
	probePause = 100 * time.Microsecond
	probeSpins = 8 // without a pause: a sleep lasts longer than most probes
	// passTries and passPause: how long a patient caller waits for a kernel
	// lock that may be a passing probe or break.
	passTries = 40
	passPause = 500 * time.Microsecond
	// creatorPause lies between the two looks that an unfinished file gets
	// before it is broken: its creator is usually about to lock it.
	creatorPause = time.Millisecond
)

// errAgain: the file that was just created is not ours any more.
var errAgain = errors.New("start over")

// errLate: it was made so slowly that its lease is over.
var errLate = error(bothErrors{errors.New("its lease was over before it was made: " + errAgain.Error()), errAgain})

func (p softProtocol) take(h *handle, t *try) (hd *hold, st *reaper.Status, err error) {
	class, err := h.class()
	if err != nil {
		return nil, nil, err
	}
	if !class.KernelBacked() {
		return p.takeNet(h, t, class)
	}
	h.local.Store(true)
	if t.how == polite && h.queued() {
		return nil, nil, errGate
	}
	token := h.cfg.host.NewToken()
	// Entered before the file can exist: a record of this process with a token
	// that is not entered is taken for an abandoned one.
	h.cfg.host.Tokens.Enter(token)
	defer func() {
		if hd == nil {
			h.cfg.host.Tokens.Remove(token)
		}
	}()
	passes := 0
	var unfinished reaper.Status
	created := false // a file of ours may be there, unfinished
	for round := 1; ; round++ {
		f, err := h.dir.Create(h.name, h.cfg.mode)
		if err == nil {
			hd, err = p.own(h, f, token, class)
			if errors.Is(err, errOtherMount) {
				h.mount.Store(nil)
				if class, err = h.class(); err != nil {
					return nil, nil, err
				}
				if !class.KernelBacked() {
					h.local.Store(false)
					return p.takeNet(h, t, class)
				}
				continue
			}
			if !errors.Is(err, errAgain) {
				return hd, nil, err
			}
			created = true
			if round < rounds {
				continue
			}
			err = fs.ErrExist // somebody keeps locking what we create: they have it
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, nil, h.swept(err)
		}
		seen, err := h.see(t.how)
		if err != nil {
			return nil, nil, asLockError(h, err)
		}
		if seen.Rule == reaper.RuleCreatorDied && !seen.SameFile(&unfinished) && round < rounds {
			// Its creator may be alive and about to lock it. Breaking it would
			// be right, the creator starts over then, but a waste for both.
			unfinished = seen
			h.cfg.host.Sleep(creatorPause)
			continue
		}
		switch next, err := p.met(h, &seen, round, created); {
		case err != nil:
			return nil, nil, err
		case next == tryAgain && round < rounds:
		case t.how == patient && seen.Passing() && passes < passTries:
			passes++
			h.cfg.host.Sleep(passPause)
		default:
			return nil, &seen, nil
		}
	}
}

// see looks at the file that is there. A caller that looks often does without
// the explanation; a patient one needs to know whether the lock may be passing.
func (h *handle) see(how manner) (reaper.Status, error) {
	if how == patient {
		return h.reap.Examine(h.dir, h.name, true)
	}
	return h.reap.Glance(h.dir, h.name)
}

type step int

const (
	giveWay step = iota // somebody has the lock
	tryAgain
)

// met decides what to do about the file that is there. created says that it may
// be one that this attempt made and had to give up.
func (softProtocol) met(h *handle, st *reaper.Status, round int, created bool) (step, error) {
	switch {
	case !st.Exists:
		return tryAgain, nil
	case st.Denied() != nil:
		return giveWay, nil
	case st.Unprobed() != nil:
		return giveWay, asLockError(h, st.Unprobed())
	case st.State == reaper.StateUnknown && st.Passing(): // it changes hands too fast to be read
		return giveWay, nil
	case st.State == reaper.Free:
	case st.Kind == meta.KindFile:
		return giveWay, nil
	case st.Content == meta.Malformed, st.Content == meta.Newer:
		return giveWay, notLockFile(h.path, st)
	case st.State != reaper.Stale:
		return giveWay, nil
	case h.cfg.withoutReaping && !(created && st.Rule == reaper.RuleCreatorDied):
		return giveWay, nil
	}
	start := time.Now()
	err := h.reap.Remove(h.dir, h.name, *st)
	h.logBreak(st, round, start, err)
	switch {
	case err == nil, errors.Is(err, reaper.ErrChanged):
		return tryAgain, nil
	case errors.Is(err, fsys.ErrLocked): // somebody is breaking it, or took it as a hard lock
		return tryAgain, nil
	case errors.Is(err, fs.ErrPermission):
		return giveWay, &HeldError{Path: h.path, Record: st.Record, Judgment: st.Judgment, Err: err}
	}
	return giveWay, err
}

// notLockFile says why from the contents alone: the evidence may be about a
// kernel lock.
func notLockFile(path string, st *reaper.Status) error {
	c := meta.Parse(st.Raw)
	why := c.Reason
	if c.Class == meta.Newer {
		why = fmt.Sprintf("the lock file is of format %q, newer than %q which this program understands", c.Version, meta.Format)
	}
	return fmt.Errorf("lock %q: %w: %s", path, ErrNotLockFile, why)
}
