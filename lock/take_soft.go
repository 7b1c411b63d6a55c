package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// softProtocol takes and releases a soft lock. What is in this file is for where
// the kernel's lock on the inode is the guard (for elsewhere see takeNet): whoever removes the file that the path names holds the
// exclusive kernel lock on that inode while it checks and unlinks, and the
// owner holds it from before its record is written until after the file is
// gone. A crash anywhere frees the kernel lock, and that is the proof of death.
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
var errLate = fmt.Errorf("its lease was over before it was made: %w", errAgain)

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

// own makes a file that was just created this owner's: kernel lock first, then
// the check that the path still names it and that nobody wrote to it, then the
// record. errAgain when somebody broke it in between, as may be done to a file
// without a kernel lock. After any other error the file is gone, or the error
// says that it is not.
func (softProtocol) own(h *handle, f fsys.File, token string, class fsys.Class) (_ *hold, err error) {
	var a attempt
	lease, before := h.leaseFor(true), time.Duration(0)
	if lease > 0 { // without one there is nothing to count
		before = h.cfg.host.Uptime()
	}
	defer func() {
		switch {
		case err == nil:
		case errors.Is(err, errOtherMount), errors.Is(err, errLate):
			if uerr := errors.Join(a.undo(h, f, token), f.Close()); uerr != nil {
				err = uerr
			}
		case errors.Is(err, errAgain):
			_ = f.Close() // the file is another's, or gone
		default:
			err = errors.Join(asLockError(h, err), a.undo(h, f, token), f.Close())
		}
	}()
	for try := 1; ; try++ {
		err := f.TryLock(fsys.Exclusive)
		if err == nil {
			a.locked = true
			break
		}
		if !errors.Is(err, fsys.ErrLocked) {
			return nil, err
		}
		if try == probeTries {
			return nil, errAgain // somebody is breaking it, or holds it as a hard lock
		}
		if try > probeSpins {
			h.cfg.host.Sleep(probePause)
		}
	}
	info, err := f.Info()
	if err != nil {
		return nil, err
	}
	if h.moved(info) {
		return nil, errOtherMount
	}
	switch now, err := h.dir.Lstat(h.name); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errAgain
	case err != nil:
		return nil, err
	case now.ID != info.ID || info.Size != 0:
		return nil, errAgain
	}
	a.checked = true
	if h.cfg.exact {
		if err := f.Chmod(h.cfg.mode); err != nil {
			return nil, err
		}
	}
	hd := &hold{file: f, id: info.ID, since: h.cfg.host.Now(), what: meta.Filling{Token: token}}
	hd.what.Created = hd.since
	hd.leaseMS = lease.Milliseconds()
	if err := h.raiseFence(hd); err != nil {
		return nil, err
	}
	if h.cfg.onBehalf == nil && lease == 0 {
		hd.what.KernelLock, hd.what.Inode, hd.what.Filesystem = true, info.Ino, class.Type
		hd.what.Device = info.Dev
	}
	if err := h.write(f, hd); err != nil {
		return nil, err
	}
	h.remember(f, info)
	if lease > 0 {
		if h.cfg.host.Uptime()-before >= lease {
			return nil, errLate
		}
		// From here on the record speaks for itself: a frozen owner must not hold
		// what cannot be taken from it.
		if err := f.Unlock(); err != nil {
			return nil, err
		}
		hd.letLease(h, lease, before)
	}
	return hd, nil
}

// write writes a soft lock's record.
func (h *handle) write(f fsys.File, hd *hold) error {
	room := buffers.Get().(*[]byte)
	defer buffers.Put(room)
	var b []byte
	var err error
	if hd.leaseMS == 0 && hd.fence == 0 {
		b, err = h.written((*room)[:0], &hd.what)
	} else {
		b, err = h.recordOf(hd).Encode()
	}
	if err != nil {
		return fmt.Errorf("lock %q: %w: %w", h.path, ErrOption, err)
	}
	if len(b)%fileUnit == 0 {
		b = spaced(b, len(b)+1)
	}
	*room = b
	return f.Write(b)
}

// release removes the file, if the path still names it, while the kernel lock
// on it is still ours. Another error than ErrLost leaves a file whose kernel
// lock is free: the next contender finds its owner dead, which it then is.
func (p softProtocol) release(h *handle, hd *hold) error {
	switch {
	case hd.claim != nil:
		return p.releaseNet(h, hd)
	case hd.lease != nil:
		return p.releaseLeased(h, hd)
	}
	err := unlinkOwn(h, hd.id)
	if err == nil && hd.gate == nil {
		// The next file can be made. To close this one frees its inode, which takes
		// as long as all the rest: meanwhile the next goroutine can be woken. Where
		// others stand at the gate it would find that still closed.
		h.tell(hd)
	}
	if hd.chain.dup || err != nil && !errors.Is(err, ErrLost) {
		// A child with a duplicate of the descriptor is not to seem the owner,
		// nor to keep those asleep who are blocked on the file.
		err = errors.Join(err, hd.file.Unlock())
	}
	// Whatever lives on in a child of the kernel lock is on a file without a name.
	err = errors.Join(err, hd.file.CloseOnly())
	h.cfg.host.Tokens.Remove(hd.what.Token)
	return err
}

// unlinkOwn removes the file of a hold. The path is asked first whether the
// hold was lost; from then on it is given up, and that the file is gone is all
// that matters, whoever removed it.
func unlinkOwn(h *handle, id fsys.ID) error {
	switch named, err := fsys.Names(h.dir, h.name, id); {
	case err != nil:
		return err
	case !named:
		return h.lostError()
	}
	return fsys.Remove(h.dir, h.name, id)
}

// asLockError puts the call the user made and the lock's path before the error
// of a system call, and keeps that call's name. Of several errors it keeps all.
func asLockError(h *handle, err error) error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		if errs := j.Unwrap(); len(errs) == 1 {
			return asLockError(h, errs[0])
		}
		return &fs.PathError{Op: "lock", Path: h.path, Err: err}
	}
	var pe *fs.PathError
	if err == nil || !errors.As(err, &pe) || pe.Op == "lock" {
		return err
	}
	what := pe.Err
	switch {
	case errors.Is(pe.Err, fs.ErrNotExist): // the file itself can be made
		what = fmt.Errorf("there is no directory %q: %w", h.dir.Path(), pe.Err)
	case fsys.IsSide(filepath.Base(pe.Path)): // a guard, say, that is in the way
		what = pe
	case pe.Op != "open" || pe.Path != h.path:
		what = fmt.Errorf("%s: %w", pe.Op, pe.Err)
	}
	return &fs.PathError{Op: "lock", Path: h.path, Err: what}
}
