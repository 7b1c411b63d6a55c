// Package waking is what wakes somebody who waits for a lock and has no thread
// that is blocked on it.
package waking

import (
	"errors"
	"io/fs"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// Events are what wakes a waiter where there is no thread to be blocked: the
// owner has no kernel lock (its record was written for a process without a
// descriptor), or too many threads are blocked already. They say that something
// happened to the lock file, or that the owner's process has ended. They may
// come for nothing, and be missed where the system has none; so they only call
// for a look. The zero value is ready; it is to be closed, and not for several
// goroutines at once.
type Events struct {
	file    *fsys.Watching
	owner   *meta.Ending
	token   string // of the acquisition that owner is about
	stirred bool   // file has told of something since
	none    bool   // the file cannot be watched
	noOwner bool   // nor the owner's process, which could be judged from here
}

// Arm sees to it that there are events of the file name, which was seen as st;
// nil when nothing is known of it. look says that the lock is to be looked at once
// more: what happened before the watch began is not told. soon says that nothing
// tells, or that what was told came to nothing just now, so the next look is due
// soon. The error says why something cannot be watched, once.
func (e *Events) Arm(dir fsys.Dir, name string, st *reaper.Status) (look, soon bool, err error) {
	err = e.armOwner(st)
	if e.none || e.noOwner {
		return false, true, err
	}
	if e.file != nil && !e.stirred {
		return false, false, err
	}
	// A watch is of a file and not of a name. The new one before the end of the
	// old: they share what the system has for a process.
	file, werr := fsys.Watch(dir, name)
	stirred := e.stirred
	e.CloseFile()
	switch {
	case errors.Is(werr, fs.ErrNotExist):
		return true, false, err
	case werr != nil:
		e.none = true
		return false, true, errors.Join(err, werr)
	}
	e.file = file
	return !stirred, stirred, err
}

// armOwner watches the process that a record without a kernel lock names. That
// it has ended is for the next look to judge.
func (e *Events) armOwner(st *reaper.Status) error {
	if st == nil || st.Record == nil || st.Record.KernelLock || st.Record.Token == e.token {
		return nil
	}
	e.CloseOwner()
	e.token, e.noOwner = st.Record.Token, false
	owner, err := meta.WatchProcess(st.Record.Owner())
	switch {
	case err == nil:
		e.owner = owner
	case errors.Is(err, meta.ErrElsewhere):
		// Whether it lives cannot be judged from here, by no look.
	default:
		e.noOwner = true
		return err
	}
	return nil
}

// Changed receives when something may have happened to the file.
func (e *Events) Changed() <-chan struct{} {
	if e.file == nil || e.stirred {
		return nil
	}
	return e.file.C()
}

// Ended receives when the owner's process has ended.
func (e *Events) Ended() <-chan struct{} {
	if e.owner == nil {
		return nil
	}
	return e.owner.C()
}

// Told notes that the file has told of something.
func (e *Events) Told() { e.stirred = true }

// CloseFile ends the watch of the file, until Arm makes a new one.
func (e *Events) CloseFile() {
	if e.file != nil {
		e.file.Close()
		e.file = nil
	}
	e.stirred = false
}

// CloseOwner ends the watch of the owner's process: it has ended.
func (e *Events) CloseOwner() {
	if e.owner != nil {
		e.owner.Close()
		e.owner = nil
	}
}

// Close ends all watches.
func (e *Events) Close() {
	e.CloseFile()
	e.CloseOwner()
}
