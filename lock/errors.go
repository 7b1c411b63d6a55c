package lock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// Errors that callers tell apart, with errors.Is.
var (
	// ErrHeld: another owner has the lock. The error is a *HeldError.
	ErrHeld = errors.New("lock is held")
	// ErrTimeout: the lock was not to be had within the timeout or deadline.
	// The error is a *HeldError, and its Timeout method says true.
	ErrTimeout = errors.New("timed out")
	// ErrLost: the lock was taken away while this handle held it.
	ErrLost = errors.New("lock was lost")
	// ErrNotLocked: Unlock or Dup of a handle that holds nothing.
	ErrNotLocked = errors.New("not locked")
	// ErrShared: Lock on a handle that holds the shared lock.
	ErrShared = errors.New("the handle holds the shared lock: unlock it first")
	// ErrOption: an option that cannot apply.
	ErrOption = errors.New("option cannot apply")
	// ErrNotLockFile: the path holds a file that is no lock, or one of a format
	// that this version does not understand. It is neither waited for nor touched.
	ErrNotLockFile = errors.New("not a lock file")
	// ErrNoProcess: Grant for a process that does not exist.
	ErrNoProcess = meta.ErrNoProcess
)

// HeldError says that another owner has the lock, and what is known about it.
// It matches ErrHeld, and what Err matches.
type HeldError struct {
	Path     string
	Record   *meta.Record    // of the owner; nil when it left none or it cannot be read
	Judgment reaper.Judgment // whether the owner is alive, and how that is known
	Waited   time.Duration   // how long this call waited
	Err      error           // why the wait ended; nil for TryLock
}

func (e *HeldError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "lock %q: held", e.Path)
	if r := e.Record; r != nil {
		fmt.Fprintf(&b, " by pid %d on %s", r.PID, meta.Printable(r.Hostname))
		if r.Program != "" {
			fmt.Fprintf(&b, " (%s)", meta.Printable(r.Program))
		}
		fmt.Fprintf(&b, " since %s", r.Created.Local().Format("2006-01-02 15:04:05"))
	}
	if j := e.Judgment; j.Rule != "" {
		fmt.Fprintf(&b, ", %s by rule %s", j.Verdict, j.Rule)
	}
	if e.Waited >= time.Millisecond {
		fmt.Fprintf(&b, ", waited %s", e.Waited.Round(time.Millisecond))
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Is makes every HeldError match ErrHeld.
func (e *HeldError) Is(target error) bool { return target == ErrHeld }

// Unwrap returns Err.
func (e *HeldError) Unwrap() error { return e.Err }

// Timeout says whether it was a timeout or deadline that ended the wait, as
// net.Error does.
func (e *HeldError) Timeout() bool { return errors.Is(e.Err, ErrTimeout) }

// ended is several errors as one, with a short text: errors.Is finds each.
type ended struct {
	text string
	errs []error
}

func (e *ended) Error() string   { return e.text }
func (e *ended) Unwrap() []error { return e.errs }

// timeoutError is Err of a HeldError after the handle's or the call's timeout.
func timeoutError(limit time.Duration) error {
	if limit == 0 {
		return &ended{"tried once", []error{ErrTimeout}}
	}
	return &ended{fmt.Sprintf("timed out after %s", limit), []error{ErrTimeout}}
}

// waitEnded is Err of a HeldError when ctx ended the wait.
func waitEnded(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	e := &ended{errs: []error{err}, text: err.Error()}
	if !errors.Is(err, cause) {
		e.errs = append(e.errs, cause)
		e.text += ": " + cause.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		e.errs = append(e.errs, ErrTimeout)
	}
	return e
}

// doneOnEntry is the error for a ctx that was done before anything was tried.
func doneOnEntry(ctx context.Context, path string) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(err, cause) {
		return fmt.Errorf("lock %q: %w", path, err)
	}
	return fmt.Errorf("lock %q: %w: %w", path, err, cause)
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
