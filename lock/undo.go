package lock

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// attempt is how far the taking of a soft lock came.
type attempt struct {
	locked  bool // the file's kernel lock is ours
	checked bool // and the path was seen to name it, empty
}

// undo removes the file that an attempt made and could not finish. A file is
// removed under its kernel lock only, as by anybody: without it the path could
// come to name another owner's between the look and the unlink. The error says
// what is left behind. That is an empty file, if at all possible: nobody holds
// its kernel lock, so the next contender finds that its creator has ended.
func (a *attempt) undo(h *handle, f fsys.File, token string) error {
	if !a.locked {
		switch err := f.TryLock(fsys.Exclusive); {
		case errors.Is(err, fsys.ErrLocked):
			return nil // somebody is breaking it, or has it as a hard lock
		case err != nil:
			return leftBehind(h, "", err)
		}
	}
	info, err := f.Info()
	if err != nil {
		return leftBehind(h, a.left(token), err)
	}
	if !a.checked && info.Size > 0 {
		return nil // a hard lock's: its holder came and went
	}
	switch named, err := fsys.Names(h.dir, h.name, info.ID); {
	case err != nil:
		return leftBehind(h, a.left(token), err)
	case !named:
		return nil
	}
	err = fsys.Remove(h.dir, h.name, info.ID)
	if err == nil {
		return nil
	}
	if terr := f.Truncate(0); terr != nil {
		return leftBehind(h, a.left(token), errors.Join(err, terr))
	}
	return leftBehind(h, "", err)
}

// left is the token that may be in the file.
func (a *attempt) left(token string) string {
	if a.checked {
		return token
	}
	return ""
}

// swept is the error of a create. The file may have been made all the same, its
// answer lost, and is removed then. An empty file whose kernel lock nobody has
// is what anybody may remove: a creator who is just about to lock his would
// start over.
func (h *handle) swept(failure error) error {
	failed := asLockError(h, failure)
	if errors.Is(failure, fs.ErrNotExist) { // there is no directory
		return failed
	}
	st, err := h.see(patient)
	if err != nil || st.Rule != reaper.RuleCreatorDied || st.Size > 0 {
		return failed // there is nothing as far as can be seen, or another's
	}
	switch err := h.reap.Remove(h.dir, h.name, st); {
	case err == nil, errors.Is(err, reaper.ErrChanged), errors.Is(err, fsys.ErrLocked):
		return failed
	default:
		return errors.Join(failed, leftBehind(h, "", err))
	}
}

// leftError says that a lock file that nobody holds was left behind.
type leftError struct {
	path  string
	token string // of the record that may be in it
	err   error
}

func leftBehind(h *handle, token string, err error) error { return &leftError{h.path, token, err} }

func (e *leftError) Error() string {
	what := "an unfinished lock file"
	if e.token != "" {
		what = "acquisition " + meta.Printable(e.token)
	}
	return fmt.Sprintf("lock %q: %s is left behind: %v", e.path, what, e.err)
}

func (e *leftError) Unwrap() error { return e.err }
