package reaper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
)

// Against whoever probes the file in the same moment: a probe lasts some
// microseconds, so this is far more patience than probers need.
const (
	breakTries = 40
	breakPause = 250 * time.Microsecond
)

// errKernelLocked: somebody has a kernel lock on the file, so it is in use.
var errKernelLocked = errors.New("somebody holds a kernel lock on it")

// Remove unlinks the file that was judged as st, and no other: under the
// exclusive kernel lock on its inode, when the path still names the inode that
// was judged and its bytes are still those that were judged (an unfinished
// file: still unfinished). Whoever else may remove the file needs the same lock, so path
// and bytes cannot change between the check and the unlink.
//
// The checks and the unlink happen in one directory, which is opened first: a
// name looked up by its whole path may be in another directory at each call,
// by the will of whoever may rename a directory above it.
//
// ErrChanged: the path holds something else now, and nothing was removed.
// fsys.ErrLocked: somebody has the kernel lock; judge again. Where the kernel
// lock guards nothing a guard does: ErrGuarded: somebody else has it. ErrForgeable: anybody may have written what
// was judged. Else the operating system's error.
func (r *Reaper) Remove(dir fsys.Dir, name string, st Status) (err error) {
	opened, err := dir.OpenDir(".")
	if errors.Is(err, fs.ErrNotExist) {
		return ErrChanged
	}
	if err != nil {
		return err
	}
	defer func() {
		if cerr := opened.Close(); err == nil {
			err = cerr
		}
	}()
	if err := mayBelieve(opened, &st); err != nil {
		return err
	}
	return r.remove(opened, name, st)
}

// remove is Remove in a directory that has been opened.
func (r *Reaper) remove(dir fsys.Dir, name string, st Status) (err error) {
	if !st.class.KernelBacked() {
		return r.removeGuarded(dir, name, st)
	}
	f, err := dir.Open(name, fsys.OpenRead)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fsys.ErrIrregular) {
		return ErrChanged
	}
	if err != nil {
		return err
	}
	// The lock goes with the descriptor: kept until after the unlink. When the
	// file is gone, closing it can fail in nothing that matters, and an error
	// would make the caller try again: what he names by its token is not there
	// then, as if it had been lost.
	defer func() {
		if cerr := f.Close(); err != nil {
			err = errors.Join(err, cerr)
		}
	}()
	if err := r.lockToBreak(f); err != nil {
		return err
	}
	info, err := f.Info()
	if err != nil {
		return err
	}
	// Two unfinished files are alike in all but this.
	if info.ID != st.info.ID {
		return ErrChanged
	}
	again, err := f.Read(meta.MaxSize + 1)
	if err != nil {
		return err
	}
	if st.Content == meta.Torn {
		if meta.Parse(again).Class != meta.Torn {
			return ErrChanged
		}
	} else if !bytes.Equal(again, st.Raw) {
		return ErrChanged
	}
	// Last of all: under the kernel lock nobody who keeps to the protocol can
	// change what the name means, and who does not has this instant only.
	now, err := dir.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrChanged
	}
	if err != nil {
		return err
	}
	if now.ID != info.ID {
		return ErrChanged
	}
	return fsys.Remove(dir, name, info.ID)
}

func (r *Reaper) lockToBreak(f fsys.File) error {
	for try := 1; ; try++ {
		err := f.TryLock(fsys.Exclusive)
		if err == nil || !errors.Is(err, fsys.ErrLocked) || try == breakTries {
			return err
		}
		r.host.Sleep(breakPause)
	}
}

// Inspect is [Inspect] in the reaper's world.
func (r *Reaper) Inspect(ctx context.Context, path string) (Status, error) {
	return r.InspectWith(ctx, path, Options{})
}

// InspectWith is [InspectWith] in the reaper's world.
func (r *Reaper) InspectWith(ctx context.Context, path string, o Options) (Status, error) {
	r = r.AsNetwork(o.Network)
	at, name, err := r.place(path)
	if err != nil {
		return Status{Path: path}, err
	}
	return patiently(ctx, o.patience(), path, func() (Status, error) {
		return r.within(at, name, func(dir fsys.Dir, name string) (Status, error) { return r.afresh(dir, name) })
	})
}

// afresh is settled that does not believe that there is no file because a client
// remembers that there was none: NFS may do so for a minute (nfs(5), "Directory
// entry caching"), unless the directory is opened, which asks the server.
func (r *Reaper) afresh(dir fsys.Dir, name string) (Status, error) {
	st, err := r.settled(dir, name, true)
	if err != nil || st.Exists {
		return st, err
	}
	if class, err := dir.Class(); err != nil || class.Local {
		return st, err
	}
	if err := dir.Sync(); err != nil && !errors.Is(err, fs.ErrPermission) { // which opens it
		return st, err
	}
	return r.settled(dir, name, true)
}

// within does something about a name in the directory that at leads to now,
// and in no other: it is opened first. Where there is none, or something else,
// the lock could not be taken either, and is not free.
func (r *Reaper) within(at fsys.Dir, name string, do func(dir fsys.Dir, name string) (Status, error)) (st Status, err error) {
	dir, err := r.enter(at, name)
	if err != nil {
		return Status{Path: join(at, name)}, err
	}
	defer func() {
		if cerr := dir.Close(); err == nil {
			err = cerr
		}
	}()
	return do(dir, name)
}

// enter opens the directory of a name, for which it is wanted: that is what
// the error is about.
func (r *Reaper) enter(at fsys.Dir, name string) (fsys.Dir, error) {
	dir, err := at.OpenDir(".")
	if err != nil {
		return nil, about(join(at, name), err)
	}
	return dir, nil
}

// about is the error of a call on a directory that is wanted for a path in it.
func about(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return &fs.PathError{Op: pe.Op, Path: path, Err: pe.Err}
	}
	return err
}

// settled is Examine that looks again for a moment at a kernel lock which may
// be somebody's passing probe or break.
func (r *Reaper) settled(dir fsys.Dir, name string, named bool) (Status, error) {
	for try := 1; ; try++ {
		st, err := r.Examine(dir, name, named)
		if err != nil || !st.passing || try == lookAgain {
			return st, err
		}
		r.host.Sleep(breakPause)
	}
}

// errFence: it counts the acquisitions of a lock, and must never begin anew.
var errFence = fixed("it is a fence and no lock: without it the numbers would begin again at 1 (%v)", fs.ErrInvalid)

// Break is [Break] in the reaper's world.
func (r *Reaper) Break(ctx context.Context, path string, o Options) (Status, error) {
	r = r.AsNetwork(o.Network)
	at, name, err := r.place(path)
	if err != nil {
		return Status{Path: path}, err
	}
	if fsys.IsFence(name) {
		return Status{Path: path}, &fs.PathError{Op: "break", Path: path, Err: errFence}
	}
	return patiently(ctx, o.patience(), path, func() (Status, error) {
		return r.within(at, name, func(dir fsys.Dir, name string) (Status, error) { return r.breakOne(dir, name, o) })
	})
}

func (r *Reaper) breakOne(dir fsys.Dir, name string, o Options) (Status, error) {
	for try := 1; ; try++ {
		st, err := r.afresh(dir, name)
		if err != nil {
			return st, err
		}
		if !st.Exists {
			if o.Token != "" {
				return st, fmt.Errorf("break %q: it is gone, and with it acquisition %s: %w", st.Path, o.Token, ErrChanged)
			}
			return st, nil
		}
		if err := st.mayBreak(o); err != nil {
			return st, err
		}
		if o.Token == "" && !o.Force { // nobody's word but the file's
			if err := mayBelieve(dir, &st); err != nil {
				return st, err
			}
		}
		if st.State == Free && !o.Force {
			return st, nil // a hard lock's file stays in place
		}
		switch err := r.remove(dir, name, st); {
		case err == nil:
			return st, nil
		case errors.Is(err, ErrGuarded):
			return st, fmt.Errorf("break %q: %w: %w", st.Path, ErrRefused, err)
		case errors.Is(err, ErrChanged), errors.Is(err, fsys.ErrLocked):
			if try < lookAgain {
				continue
			}
			if errors.Is(err, fsys.ErrLocked) {
				return st, fmt.Errorf("break %q: %w: %w", st.Path, ErrRefused, errKernelLocked)
			}
			return st, fmt.Errorf("break %q: %w", st.Path, err)
		default:
			return st, err
		}
	}
}

// mayBreak says whether the caller's word and the verdict together allow it.
func (s Status) mayBreak(o Options) error {
	switch {
	case s.denied != nil:
		return s.denied
	case s.unseen: // it may be any acquisition's
		return &RefusedError{Status: s}
	case o.Token != "" && (s.Record == nil || s.Record.Token != o.Token):
		return fmt.Errorf("break %q: it is not acquisition %s any more: %w", s.Path, meta.Printable(o.Token), ErrChanged)
	case s.KernelLocked():
		return &RefusedError{Status: s}
	case o.Token != "", o.Force, s.State == Stale, s.State == Free:
		return nil
	}
	return &RefusedError{Status: s}
}

func (e *RefusedError) Error() string {
	s := e.Status
	what := "its owner is " + string(s.Verdict)
	if s.Verdict == Unknown {
		what = "it is not known whether its owner is alive"
	}
	return fmt.Sprintf("break %q: %s (rule %s)", s.Path, what, s.Rule)
}

// Is makes every RefusedError match ErrRefused.
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }

// place splits a path into the directory it is looked up in and its name.
func (r *Reaper) place(path string) (fsys.Dir, string, error) {
	if path == "" {
		return nil, "", &fs.PathError{Op: "inspect", Path: path, Err: fmt.Errorf("the path is empty: %w", fs.ErrInvalid)}
	}
	abs, err := fsys.Absolute(path)
	if err != nil {
		return nil, "", &fs.PathError{Op: "inspect", Path: path, Err: err}
	}
	d, name := fsys.SplitPath(abs)
	if name == "" || name == "." || name == ".." {
		return nil, "", &fs.PathError{Op: "inspect", Path: path, Err: fsys.ErrIrregular}
	}
	return r.host.FS.At(d), name, nil
}
