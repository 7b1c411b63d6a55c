package lock

import (
	"errors"
	"io/fs"
	"runtime"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// fileProtocol takes and releases the operating system's lock on a file. It
// locks what the path names, then checks that the path still names it: a soft
// lock's release or a break may have removed it meanwhile.
type fileProtocol struct{}

func (fileProtocol) kind() string { return meta.KindFile }

// A patient caller looks again at a kernel lock that may be a passing probe's:
// fileTries times, the first fileSpins of them at once, for most probes are
// over within microseconds.
const (
	fileTries = 6
	fileSpins = 4
)

func (p fileProtocol) take(h *handle, t *try) (*hold, *reaper.Status, error) {
	passes := 0
	for round := 1; ; round++ {
		f, writable, err := p.open(h, t)
		var st *reaper.Status
		if err == nil {
			var hd *hold
			if hd, st, err = p.own(h, f, t, writable); hd != nil {
				return hd, nil, nil
			}
			t.let = nil
			if h.toWait(t, err) {
				t.open = &passage{file: f, writable: writable}
				return nil, nil, errGate
			}
			if cerr := f.Close(); !errors.Is(err, errAgain) && !errors.Is(err, fsys.ErrLocked) {
				return nil, st, errors.Join(err, cerr)
			}
		} else if !errors.Is(err, errAgain) {
			return nil, nil, asLockError(h, err)
		}
		if errors.Is(err, errAgain) && round < rounds {
			continue
		}
		if t.how == patient && passes < fileTries {
			passes++
			if passes > fileSpins {
				h.cfg.host.Sleep(probePause)
			}
			continue
		}
		seen, err := h.see(t.how)
		if errors.Is(err, fsys.ErrIrregular) && st == nil {
			seen, err = heldDirectory(h), nil // nothing else opens, and gets here
		}
		if err != nil {
			return nil, nil, asLockError(h, err)
		}
		if seen.KernelBacked() {
			h.local.Store(true)
		}
		if seen.State == reaper.Free || seen.State == reaper.Stale {
			// It was let go between the attempt and the look.
			if round < rounds {
				continue
			}
		}
		return nil, &seen, nil
	}
}

// toWait: the attempt was in vain, and who has the lock need not be known to
// wait for it.
func (h *handle) toWait(t *try, err error) bool {
	switch {
	case t.how == patient || !h.inner() || !h.wakes():
		return false
	case errors.Is(err, errGate):
		return true
	}
	return errors.Is(err, fsys.ErrLocked) && !h.logs()
}

func heldDirectory(h *handle) reaper.Status {
	return reaper.Status{Path: h.path, Exists: true, State: reaper.Held, Judgment: reaper.Judgment{
		Verdict: reaper.Alive, Rule: reaper.RuleKernelLockHeld,
		Evidence: []string{"somebody holds a kernel lock on the directory: the attempt to lock it was refused"},
	}}
}

// open opens the file, making it if need be; writable says that a record may
// go into it. A file that this user can only read can be locked as well.
//
// A handle's first look is careful: opening a FIFO wakes its writer, and some
// devices act when they are opened. After that the path was a lock once, and
// one system call does.
func (p fileProtocol) open(h *handle, t *try) (f fsys.File, writable bool, err error) {
	if t.let != nil {
		return t.let.file, t.let.writable, nil
	}
	how := fsys.OpenWrite | fsys.OpenDirToo
	if h.cfg.exact || !h.known.Load() {
		f, err := p.create(h)
		if !errors.Is(err, fs.ErrExist) {
			return f, true, err
		}
		info, err := h.dir.Lstat(h.name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, false, errAgain
		}
		if err != nil {
			return nil, false, err
		}
		if !info.Mode.IsRegular() && !info.Mode.IsDir() {
			// OpenRead refuses it without opening it, and says what it is.
			how = fsys.OpenRead
		}
	} else {
		how |= fsys.OpenCreate
	}
	f, err = h.dir.Open(h.name, how)
	switch {
	case err == nil:
		return f, how&fsys.OpenWrite != 0, nil
	case errors.Is(err, fsys.ErrDeletePending):
		return nil, false, errAgain
	case errors.Is(err, fs.ErrNotExist):
		if how&fsys.OpenCreate == 0 {
			return nil, false, errAgain // removed since Create found it
		}
		return nil, false, err
	case errors.Is(err, fsys.ErrIrregular):
		return nil, false, err
	}
	if how&fsys.OpenCreate != 0 {
		// Another user's file in a sticky directory: opening it with O_CREAT is
		// refused where fs.protected_regular is set (sysctl, Linux).
		if f, werr := h.dir.Open(h.name, fsys.OpenWrite|fsys.OpenDirToo); werr == nil {
			return f, true, nil
		}
	}
	f, rerr := h.dir.Open(h.name, fsys.OpenRead|fsys.OpenDirToo)
	if rerr != nil {
		return nil, false, err
	}
	return f, false, nil
}

func (fileProtocol) create(h *handle) (fsys.File, error) {
	f, err := h.dir.Create(h.name, h.cfg.mode)
	if err != nil || !h.cfg.exact {
		return f, err
	}
	if err := f.Chmod(h.cfg.mode); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// lock takes the kernel lock on an opened file, unless it was waited for and is
// there.
func (fileProtocol) lock(h *handle, f fsys.File, t *try) error {
	if t.let != nil {
		return nil
	}
	how := fsys.Exclusive
	if t.mode == shared {
		how = fsys.Shared
	} else if t.how == polite && h.ordered(f) {
		return errGate
	}
	return f.TryLock(how)
}

// idsMove: the number of a file that is open may become another, and what it was
// another file's. On FAT it is where the file's entry in the directory is, which
// the renaming before a removal changes (fsys.Dir.Unlink). What counts is the
// number that the file has under its kernel lock: nobody renames it then.
var idsMove = runtime.GOOS == "windows"

// own locks an opened file. fsys.ErrLocked when somebody else has it, errAgain
// when the path does not name it any more.
func (p fileProtocol) own(h *handle, f fsys.File, t *try, writable bool) (*hold, *reaper.Status, error) {
	m := t.mode
	if err := p.lock(h, f, t); err != nil {
		return nil, nil, err
	}
	var id fsys.ID
	switch {
	case t.let != nil && t.let.chain != nil: // it was locked all the time
		id = t.let.chain.id
	case !idsMove:
		id = f.OpenInfo().ID
	}
	if id == (fsys.ID{}) { // just created, or not to be known before
		info, err := f.Info()
		if err != nil {
			return nil, nil, err
		}
		id = info.ID
	}
	now, err := h.dir.Lstat(h.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, errAgain
	case err != nil:
		return nil, nil, err
	case now.ID != id:
		return nil, nil, errAgain
	}
	hd := &hold{file: f, id: id, mode: m, since: h.cfg.host.Now()}
	hd.chain.join(h, t, hd, writable)
	hd.what.Created = hd.since
	if !now.Mode.IsRegular() { // a directory: nothing to read or write
		return hd, nil, nil
	}
	ours := now.Size == 0 || hd.chain.wrote.is(now) || h.wrote.Load().is(now)
	if !ours {
		st, mayWrite, err := p.meet(h, f)
		if st != nil || err != nil {
			return nil, st, err
		}
		ours = mayWrite
	}
	// With another name it is not the lock's file alone: whoever may write in
	// the directory may have made the name of the lock a link to a victim's file.
	// And no record is so long: what begins with one has more in it.
	ours = ours && now.Links <= 1 && now.Size <= meta.MaxSize
	if m == exclusive && ours && writable && !h.cfg.withoutRecord {
		h.identify(hd)
		if err := h.inform(hd, now); err != nil {
			h.logRecord(err)
		}
		// Nothing is judged by it, it is told to who meets it here.
		h.cfg.host.Tokens.Enter(hd.what.Token)
	}
	h.known.Store(true)
	return hd, nil, nil
}

// ordered says whether others wait for the lock in order, in the file itself or
// at its gate. A handle asks once what filesystem this is: on a network one the
// question would go to a server.
func (h *handle) ordered(f fsys.File) bool {
	if !h.cfg.host.Wakes {
		return false
	}
	if !h.local.Load() {
		if h.classed.Swap(true) {
			return false
		}
		if class, err := f.Class(); err != nil || !class.KernelBacked() {
			return false
		}
		h.local.Store(true)
	}
	if !h.inner() {
		return h.queued()
	}
	others, err := f.OrderHeld(fsys.Turn)
	return err == nil && others
}

// longHold: from here on a hard lock's release checks the path, and drops the
// kernel lock before it closes the descriptor, of which a child that is just
// being started may have a copy for an instant. These are system calls which a
// hold of an instant should not have to pay for.
const longHold = time.Millisecond

// release drops the lock with the descriptor, or hands both over to a waiter of
// this process.
func (fileProtocol) release(h *handle, hd *hold) error {
	if hd.what.Token != "" { // it may be entered
		defer h.cfg.host.Tokens.Remove(hd.what.Token)
	}
	long := h.cfg.host.Now().Sub(hd.since) >= longHold
	var err error
	if long {
		now, lerr := h.dir.Lstat(h.name)
		switch {
		case errors.Is(lerr, fs.ErrNotExist), lerr == nil && now.ID != hd.id:
			err = h.lostError()
		case lerr != nil:
			err = lerr
		}
	}
	if err == nil && h.handOver(hd) {
		return nil
	}
	if !long {
		return hd.file.CloseOnly()
	}
	return errors.Join(err, hd.file.Close())
}
