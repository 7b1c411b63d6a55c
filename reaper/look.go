package reaper

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
)

// lockState is what a probe found out about the kernel locks on a file.
type lockState int

const (
	lockUnknown  lockState = iota // the probe failed
	lockFree                      // nobody had one
	lockShared                    // somebody has a shared one
	lockHeldExcl                  // somebody has an exclusive one
)

// sighting is one look at a lock file: everything that a verdict is made of,
// except for what the kernel says about processes.
type sighting struct {
	path    string
	info    fsys.Info
	class   fsys.Class
	raw     []byte
	content meta.Content
	lock    lockState
	lockErr error // why lock is lockUnknown
	named   bool  // the caller named the path, rather than a scan having found it
	watched watched
	brief   bool // a held lock needs no explanation

	likelyFree bool // a guess, which only the order of the probes depends on

	kinship  *kinship // see Reaper.kin
	recall   *recall  // nil: every owner is asked about
	recalled bool     // kinship is what was known of the owner before this look
}

// mayBeHard: a hard lock could live on the file, so shared holders matter.
func (s *sighting) mayBeHard() bool {
	return s.content.Class != meta.Complete || s.content.Record.Kind == meta.KindFile
}

// lookAgain bounds how often a look is repeated because the path changed
// between the look and its end. Each repetition means that somebody took or
// released the lock meanwhile, so a handful is already a busy path.
const lookAgain = 16

// movedPause lies between these looks over a network.
const movedPause = 10 * time.Millisecond

// readAgain bounds the readings of a file that is being written over.
const readAgain = 16

// Examine judges the lock name in dir. named says that a caller meant this
// very path (a scan did not just come across it): only then is an unfinished
// file a lock.
//
// A path that does not exist is Free. An error means that it could not be
// looked at: fsys.ErrIrregular for what is no regular file, or the operating
// system's; a file that this user may not read is no error but Unknown.
func (r *Reaper) Examine(dir fsys.Dir, name string, named bool) (Status, error) {
	return r.examine(dir, name, &sighting{named: named})
}

// Glance is Examine of a path that the caller named, for one who looks often: a
// kernel lock that somebody holds is not explained, and counts as Passing.
func (r *Reaper) Glance(dir fsys.Dir, name string) (Status, error) {
	return r.examine(dir, name, &sighting{named: true, brief: true})
}

func (r *Reaper) examine(dir fsys.Dir, name string, blank *sighting) (Status, error) {
	var last error
	for look := range lookAgain {
		s := *blank
		st, err := r.examineOnce(dir, name, &s)
		if !errors.Is(err, errMoved) && !fsys.IsGone(err) {
			return st, err
		}
		last = err
		if errors.Is(err, fsys.ErrDeletePending) && look > 0 {
			break // which may go on for long
		}
		if !s.class.Local {
			r.host.Sleep(movedPause)
		}
	}
	if !errors.Is(last, errMoved) { // it is not the file that goes
		return Status{Path: join(dir, name)}, last
	}
	st := Status{Path: join(dir, name), Exists: true, State: StateUnknown, passing: true, unseen: true}
	st.Judgment = unproven("the path named another file at each of "+fmt.Sprint(lookAgain)+" looks", "a moment in which the lock does not change hands")
	if errors.Is(last, fsys.ErrDeletePending) {
		st.Judgment = unproven(fsys.ErrDeletePending.Error(), "the end of the programs that have the deleted file open")
	}
	return st, nil
}

// errMoved: the path does not name the file any more that was looked at.
var errMoved = errors.New("the path names another file now")

// errPending: it names none, nor can it name another yet.
var errPending = fixed("%v: %v", errMoved, fsys.ErrDeletePending)

func (r *Reaper) examineOnce(dir fsys.Dir, name string, s *sighting) (Status, error) {
	path := join(dir, name)
	f, err := dir.Open(name, fsys.OpenRead)
	switch {
	case errors.Is(err, fsys.ErrDeletePending):
		return Status{Path: path}, errPending
	case errors.Is(err, fs.ErrNotExist):
		return Status{Path: path, State: Free}, nil
	case errors.Is(err, fs.ErrPermission):
		info, lerr := dir.Lstat(name)
		if errors.Is(lerr, fs.ErrNotExist) {
			return Status{Path: path, State: Free}, nil
		}
		if lerr != nil || !info.Mode.IsRegular() {
			return Status{Path: path}, err
		}
		st := Status{Path: path, State: StateUnknown, Exists: true, Size: info.Size, ModTime: info.ModTime, info: info, denied: err}
		st.Judgment = unproven(fmt.Sprintf("the file cannot be read: %v", err), "permission to read the lock file")
		return st, nil
	case err != nil:
		return Status{Path: path}, err
	}
	st, err := r.lookAndCheck(dir, name, f, s)
	if errors.Is(err, fs.ErrNotExist) { // it went while it was open
		err = errMoved
	}
	return st, errors.Join(err, f.Close())
}

// lookAndCheck looks at an opened file. Where that would be broken the kernel
// lock was free: but was this still the file which the path names? An owner
// that let go in between unlinked it first. That is asked before the file is
// closed, for then its inode number can be another's.
func (r *Reaper) lookAndCheck(dir fsys.Dir, name string, f fsys.File, s *sighting) (Status, error) {
	if err := r.read(f, s); err != nil {
		return Status{Path: join(dir, name)}, err
	}
	return r.judgeOpened(dir, name, f, s)
}

// judgeOpened is lookAndCheck of a file that has been read.
func (r *Reaper) judgeOpened(dir fsys.Dir, name string, f fsys.File, s *sighting) (Status, error) {
	s.path = join(dir, name)
	r.observe(s)
	if err := r.probeRead(f, s); err != nil {
		return Status{Path: s.path}, err
	}
	st := r.status(s)
	if st.State != Stale {
		return st, nil
	}
	switch now, err := dir.Lstat(name); {
	case errors.Is(err, fs.ErrNotExist), err == nil && now.ID != st.info.ID:
		return Status{Path: s.path}, errMoved
	case err != nil:
		return st, err
	case st.Verdict == Expired && s.class.KernelBacked() && !sameTimes(&now, &st.info):
		return Status{Path: s.path}, errMoved // see JudgeLocked; over a network a guard's holder asks
	}
	return st, nil
}

// sameTimes: it was not renewed between two looks.
func sameTimes(a, b *fsys.Info) bool {
	return a.Size == b.Size && a.ModTime.Equal(b.ModTime) && a.ChangeTime.Equal(b.ChangeTime)
}

// probeRead probes what has been read: what is read is judged only if the probe
// finds the kernel lock free afterwards, and Remove reads it again.
//
// A read is not atomic against a write, and a hard lock's holder may be writing
// its record over another. So what makes no sense is read again: under the
// kernel lock, if the probe got it, until two readings are the same otherwise.
func (r *Reaper) probeRead(f fsys.File, s *sighting) error {
	if s.class.KernelBacked() || s.mayBeHard() && !s.toBeWatched() {
		s.lock, s.lockErr = probe(f, r.sharedMatters(s), s.likelyFree && s.class.KernelBacked())
	}
	for range readAgain {
		if s.content.Class != meta.Malformed || !s.class.KernelBacked() {
			break
		}
		again, err := f.Read(meta.MaxSize + 1)
		if err != nil {
			return err
		}
		same := bytes.Equal(again, s.raw)
		s.raw, s.content = again, meta.Parse(again)
		if same {
			break
		}
		r.host.Sleep(breakPause)
	}
	return nil
}

// toBeWatched: it is an unfinished file about which the kernel's lock says
// nothing to other hosts. It is not probed before time has judged it: over SMB a
// probe would keep its creator from writing.
func (s *sighting) toBeWatched() bool {
	return s.content.Class == meta.Torn && !s.class.KernelBacked() && !s.watched.over
}

// read takes in what the file and its filesystem say.
func (r *Reaper) read(f fsys.File, s *sighting) (err error) {
	if err := s.readFrom(f); err != nil {
		return err
	}
	s.class, err = r.classOf(f, s.info)
	return err
}

// readFrom takes in what the file says.
func (s *sighting) readFrom(f fsys.File) (err error) {
	if s.info, err = f.Info(); err != nil {
		return err
	}
	return s.readText(f)
}

// readText takes in the file's contents.
func (s *sighting) readText(f fsys.File) (err error) {
	if s.raw, err = f.Read(meta.MaxSize + 1); err != nil {
		return err
	}
	s.content = meta.Parse(s.raw)
	return nil
}

// sharedMatters: a shared holder would change the verdict. That is so unless
// the record has an owner who is seen to live without any kernel lock; such
// a one is not to be disturbed by probes that exclude each other. (A live owner
// with a kernel lock refuses the shared one already.)
func (r *Reaper) sharedMatters(s *sighting) bool {
	switch {
	case s.content.Class == meta.Torn && !s.class.KernelBacked():
		// The exclusive lock is refused over SMB while one's own shared one is
		// held, and cannot be had on a file opened for reading over NFS. Where locks
		// are the process's it can be asked for all the same, see fsys.ErrUnlocked.
		return !fsys.LocksBelongToFile
	case s.mayBeHard(), s.content.Record.KernelLock:
		return true
	}
	k := r.kin(s)
	return !k.near || k.dead
}

// probe asks for a shared lock, so that probers do not disturb each other. A
// shared holder does not show in that: where there may be one, the exclusive
// lock is tried too. What is granted is dropped when the file is closed.
//
// Where the lock is likely to be free the exclusive one is tried first: when it
// is granted nobody had any, and that is all there is to ask. It disturbs others
// for a shorter time than the two one after the other, and no holder at all.
// Refused, it does not tell by whom, and the two are asked as ever.
func probe(f fsys.File, hard, likelyFree bool) (lockState, error) {
	if hard && likelyFree && f.TryLock(fsys.Exclusive) == nil {
		return lockFree, nil
	}
	switch err := f.TryLock(fsys.Shared); {
	case errors.Is(err, fsys.ErrLocked):
		return lockHeldExcl, nil
	case err != nil:
		return lockUnknown, err
	}
	if !hard {
		return lockFree, nil
	}
	switch err := f.TryLock(fsys.Exclusive); {
	case errors.Is(err, fsys.ErrLocked):
		return lockShared, nil
	case errors.Is(err, fsys.ErrUnlocked):
		return lockFree, nil
	case err != nil:
		return lockUnknown, err
	}
	return lockFree, nil
}

func (r *Reaper) status(s *sighting) Status {
	st := Status{
		Path: s.path, Exists: true, Size: s.info.Size, ModTime: s.info.ModTime,
		Raw: s.raw, Content: s.content.Class, Record: s.content.Record, Foreign: s.content.Foreign,
		info: s.info, class: s.class,
	}
	switch {
	case st.Record != nil:
		st.Kind = st.Record.Kind
	case st.Foreign != nil:
		st.Kind = st.Foreign.Format
	case meta.Mixed(s.raw, s.content):
		st.Kind = meta.KindFile
	}
	j, free, doubt := r.judge(s)
	st.Judgment = j
	st.passing, st.recalled = doubt, s.recalled
	switch {
	case free:
		st.State = Free
	case j.Verdict == Alive:
		st.State, st.Mode = Held, "exclusive"
		if s.lock == lockShared {
			st.Mode = "shared"
		}
	case j.Verdict == Dead, j.Verdict == Expired:
		st.State = Stale
	default:
		st.State = StateUnknown
		if s.decidedByLock() {
			st.probe = s.lockErr
		}
	}
	return st
}

// decidedByLock: a probe of the kernel lock would have told whether the owner
// lives.
func (s *sighting) decidedByLock() bool {
	switch s.content.Class {
	case meta.Complete:
		return s.content.Record.KernelLock || s.content.Record.Kind == meta.KindFile
	case meta.Torn:
		return true
	}
	return meta.Mixed(s.raw, s.content)
}

// JudgeLocked judges what is in f, on which the caller itself has a kernel
// lock, so that only the record is left to testify. It is for a hard lock that
// was granted on a file with the record of a soft one.
//
// A lease is over that was not renewed up to the look at the clock. That comes
// after the look at the file, and a process may be stopped in between for longer
// than the lease, and its owner not.
func (r *Reaper) JudgeLocked(path string, f fsys.File) (Status, error) {
	for {
		s := &sighting{path: path, named: true, lock: lockFree}
		if err := r.read(f, s); err != nil {
			return Status{Path: path}, err
		}
		r.observe(s)
		st := r.status(s)
		if st.Verdict != Expired {
			return st, nil
		}
		switch now, err := f.Info(); {
		case err != nil:
			return st, err
		case sameTimes(&now, &s.info):
			return st, nil
		}
	}
}

// Passing: the verdict rests on a kernel lock that may be held for an instant
// only, by somebody who probes, breaks, or is just taking the lock. Worth
// another look before it is believed.
func (s Status) Passing() bool { return s.passing }

// SameFile: both are of one inode, as far as its number tells.
func (s *Status) SameFile(o *Status) bool {
	return s.Exists && o.Exists && s.info.ID == o.info.ID
}

// ID is that of the inode that was looked at.
func (s *Status) ID() fsys.ID { return s.info.ID }

// Unprobed is the error with which the kernel lock could not be probed, where
// it alone would have decided, or nil. Unlike an owner of whom nothing can be
// known it is nothing to wait for.
func (s Status) Unprobed() error { return s.probe }

// Denied is the error with which the file could not be read, or nil.
func (s Status) Denied() error { return s.denied }

// KernelLocked: some process has a kernel lock on the file.
func (s Status) KernelLocked() bool { return s.Rule == RuleKernelLockHeld }

// KernelBacked: the file is on a filesystem where the kernel's locks testify
// about owners, because no other kernel can open it.
func (s Status) KernelBacked() bool { return s.class.KernelBacked() }

// Age is how long ago the file was last written, by this host's clock: for
// people only.
func (s Status) Age(now time.Time) time.Duration { return now.Sub(s.ModTime) }

func join(dir fsys.Dir, name string) string {
	p := dir.Path()
	if p == "" || p[len(p)-1] == '/' || p[len(p)-1] == sep {
		return p + name
	}
	return p + string(sep) + name
}
