package lock

import (
	"errors"
	"io/fs"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// events are what wakes a waiter where there is no thread to be blocked: the
// owner has no kernel lock (its record was written for a process without a
// descriptor), or too many threads are blocked already. They say that something
// happened to the lock file, or that the owner's process has ended. They may
// come for nothing, and be missed where the system has none; so they only call
// for a look.
type events struct {
	file    *fsys.Watching
	owner   *meta.Ending
	token   string // of the acquisition that owner is about
	stirred bool   // file has told of something since
	none    bool   // the file cannot be watched
	noOwner bool   // nor the owner's process, which could be judged from here
}

// arm sees to it that there are events. look says that the lock is to be looked
// at once more: what happened before the watch began is not told. soon says
// that nothing tells, or that what was told came to nothing just now, so the
// next look is due soon.
func (e *events) arm(h *handle, st *reaper.Status) (look, soon bool) {
	e.armOwner(h, st)
	if e.none || e.noOwner {
		return false, true
	}
	if e.file != nil && !e.stirred {
		return false, false
	}
	// A watch is of a file and not of a name. The new one before the end of the
	// old: they share what the system has for a process.
	file, err := fsys.Watch(h.dir, h.name)
	stirred := e.stirred
	e.closeFile()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, false
	case err != nil:
		e.none = true
		h.logGate(err)
		return false, true
	}
	e.file = file
	return !stirred, stirred
}

// armOwner watches the process that a record without a kernel lock names. That
// it has ended is for the next look to judge.
func (e *events) armOwner(h *handle, st *reaper.Status) {
	if st == nil || st.Record == nil || st.Record.KernelLock || st.Record.Token == e.token {
		return
	}
	e.closeOwner()
	e.token, e.noOwner = st.Record.Token, false
	owner, err := meta.WatchProcess(st.Record.Owner())
	switch {
	case err == nil:
		e.owner = owner
	case errors.Is(err, meta.ErrElsewhere):
		// Whether it lives cannot be judged from here, by no look.
	default:
		e.noOwner = true
		h.logGate(err)
	}
}

func (e *events) changed() <-chan struct{} {
	if e.file == nil || e.stirred {
		return nil
	}
	return e.file.C()
}

func (e *events) ended() <-chan struct{} {
	if e.owner == nil {
		return nil
	}
	return e.owner.C()
}

// told notes that the file has told of something.
func (e *events) told() { e.stirred = true }

func (e *events) closeFile() {
	if e.file != nil {
		e.file.Close()
		e.file = nil
	}
	e.stirred = false
}

func (e *events) closeOwner() {
	if e.owner != nil {
		e.owner.Close()
		e.owner = nil
	}
}

func (e *events) close() {
	e.closeFile()
	e.closeOwner()
}
