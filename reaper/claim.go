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

// A file whose kernel lock says nothing to other hosts is made, and removed by
// its owner, in the ways below. What makes them right is time: nobody else
// removes a file that is unfinished before it has been seen so for the torn
// grace, nor a whole one before its lease has been seen to run out. So whoever
// is quick enough need not ask, and whoever is not goes through a guard.

// Claim is a lock file that this process has made: a soft lock on a network
// filesystem, or a guard.
type Claim struct {
	File  fsys.File
	ID    fsys.ID
	Token string
	Since time.Duration // Host.Uptime from before the file was made

	r      *Reaper
	dir    fsys.Dir
	name   string
	within time.Duration // what there is time for, from Since on
	aside  bool
	closed bool
	torn   bool // it was last seen without a whole record
}

// Making is how a Claim is made.
type Making struct {
	Perm  fs.FileMode
	Exact bool // past the umask
	// Lease is the record's; 0: none. Who has one looks soon, and again and again,
	// whether the path still holds the claim. So that is not asked when it is made:
	// what the protocol needs is that the file was made and that there was time, and
	// whoever removes it against the protocol may do so after an answer, too. A
	// client of NFS answers lstat itself; an honest answer is two requests to the
	// server.
	Lease  time.Duration
	Record func(info fsys.Info, token string) ([]byte, error)
	Aside  bool // fsys.Class.KeepsNames of the filesystem
}

// ErrAgain: the file that was made could not be kept, and is gone: make another.
var ErrAgain = errors.New("the lock file was not ours in time")

// ErrElsewhere is for Making.Record: the file is on another filesystem than it was
// to be made on.
var ErrElsewhere = errors.New("another filesystem was mounted")

// LeftError: a file of this process could not be removed. Nobody holds it.
type LeftError struct {
	Path  string
	Token string // of the record that may be in it
	Err   error
}

func (e *LeftError) Error() string {
	return fmt.Sprintf("acquisition %s is left behind in %q: %v", e.Token, e.Path, e.Err)
}

func (e *LeftError) Unwrap() error { return e.Err }

// Claim makes the file name in dir, which must not exist (fs.ErrExist), with a
// record in it that others can see when Claim returns. The token is entered
// before the file can exist. After an error there is no file of ours, unless it
// says so with a *LeftError; ErrAgain is worth another attempt.
func (r *Reaper) Claim(dir fsys.Dir, name string, m Making) (_ *Claim, err error) {
	c := &Claim{r: r, dir: dir, name: name, Token: r.host.NewToken(), aside: m.Aside, within: tornGrace / 2}
	if m.Lease > 0 {
		c.within = min(c.within, m.Lease/2)
	}
	r.host.Tokens.Enter(c.Token)
	c.Since = r.host.Uptime()
	if c.File, err = dir.Create(name, m.Perm); err != nil {
		r.host.Tokens.Remove(c.Token)
		return nil, err
	}
	if err := c.write(m); err != nil {
		return nil, c.abandon(err)
	}
	// Half of the grace, or of the lease, is the room for a pause between here and
	// the owner's first look at his clock.
	if c.late() {
		return nil, c.abandon(ErrAgain)
	}
	return c, nil
}

// late: somebody may have begun to break what was unfinished until now, or what
// has a short lease.
func (c *Claim) late() bool { return c.r.host.Uptime()-c.Since > c.within }

func (c *Claim) write(m Making) error {
	info, err := c.File.Kind()
	if err != nil {
		return err
	}
	c.ID = info.ID
	if m.Exact {
		if err := c.File.Chmod(m.Perm); err != nil {
			return err
		}
	}
	b, err := m.Record(info, c.Token)
	if err != nil {
		return err
	}
	if err := c.File.Write(b); err != nil {
		return err
	}
	if err := c.File.Sync(); err != nil {
		return err
	}
	if m.Lease > 0 {
		return nil
	}
	switch s, err := c.r.readFresh(c.dir, c.name, fsys.OpenOwn); {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fsys.ErrIrregular), err == nil && !bytes.Equal(s.raw, b):
		return ErrAgain // rm, or a request that arrived twice
	case err != nil:
		return err
	}
	return nil
}

// abandon removes what was made, so that no call returns before its own late
// record is gone.
func (c *Claim) abandon(cause error) error {
	if errors.Is(cause, ErrElsewhere) && !c.guarded() {
		c.end()
		return cause
	}
	err := c.unlink(func() bool { return !c.late() }, true)
	c.Close()
	if errors.Is(err, errOld) && !c.torn {
		err = c.breakOwn()
	}
	c.end()
	if err == nil || errors.Is(err, ErrChanged) {
		return cause
	}
	left := &LeftError{Path: join(c.dir, c.name), Token: c.Token, Err: err}
	if errors.Is(cause, ErrAgain) {
		return left
	}
	return errors.Join(cause, left)
}

// guarded: the file may be removed as one over a network. Where its kernel lock
// guards it, it may be when that is had; who has it is removing it, and who comes
// later sees that its creator has ended.
func (c *Claim) guarded() bool {
	class, err := c.File.Class()
	return err == nil && (!class.KernelBacked() || c.File.TryLock(fsys.Exclusive) == nil)
}

// end takes back the token, and closes the file. From now on the record is an
// abandoned one (rule own-process).
func (c *Claim) end() {
	c.Close()
	c.r.host.Tokens.Remove(c.Token)
}

// Close closes the descriptor, which the owner needs for renewing only. The
// error matters to nobody: what was to reach the file was synced.
func (c *Claim) Close() {
	if !c.closed {
		c.closed = true
		_ = c.File.Close()
	}
}

// Keep hands the descriptor over to the caller, who closes it.
func (c *Claim) Keep() fsys.File {
	c.closed = true
	return c.File
}

// Release removes the file, which must be a claim of this process: at once while
// it is young, else under a guard. ErrChanged: it is not at the path any more.
// The file is closed before: a client of NFS does not remove what it has open,
// it gives it another name until it is closed ("silly rename").
func (c *Claim) Release(young func() bool) error {
	err := c.unlink(young, false)
	if errors.Is(err, errOld) {
		err = c.breakOwn()
	}
	c.end()
	return err
}

// unlink removes the file while it is young. unfinished: it may be without a
// record, and is then known by its inode, which is ours for as long as it is
// open. Nobody else breaks it before the torn grace is over.
func (c *Claim) unlink(young func() bool, unfinished bool) error {
	return c.r.unlinkOnly(c.dir, c.name, fsys.OpenOwn, c.aside, young, func(s *sighting) bool {
		c.torn = unfinished && !c.closed && s.content.Class == meta.Torn && s.info.ID == c.ID
		own := s.content.Record != nil && s.content.Record.Token == c.Token
		if own {
			c.Close()
		}
		return own || c.torn
	})
}

const (
	ownTries = 20
	ownPause = 250 * time.Millisecond
)

// breakOwn removes the file under a guard: its second reading must be our own
// token, which is ours until then, or others of this process would take the file
// for an abandoned one.
func (c *Claim) breakOwn() error { return c.r.ReleaseOwn(c.dir, c.name, c.Token) }

// ReleaseOwn removes the lock of acquisition token, which is this caller's, by
// breaking it; ErrChanged when it is not there any more. Others who are just
// breaking or probing it are waited for.
func (r *Reaper) ReleaseOwn(dir fsys.Dir, name, token string) error {
	for try := 1; ; try++ {
		_, err := r.within(dir, name, func(dir fsys.Dir, name string) (Status, error) {
			return r.breakOne(dir, name, Options{Token: token})
		})
		if !errors.Is(err, ErrRefused) || try == ownTries {
			return err
		}
		r.host.Sleep(ownPause)
	}
}

// MayHold says whether the path still holds acquisition token, as far as can be
// seen now: false is certain.
func (r *Reaper) MayHold(dir fsys.Dir, name, token string) bool {
	s, err := r.readFresh(dir, name, fsys.OpenOwn)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fsys.ErrIrregular):
		return false
	case err != nil:
		return true
	}
	switch s.content.Class {
	case meta.Complete:
		return s.content.Record.Token == token
	case meta.Torn: // ours was whole
		return false
	}
	return true
}

// errOld: there is not enough time left to remove the file without a guard.
var errOld = errors.New("too late to remove it without a guard")

const (
	unlinkTries = 8
	unlinkPause = 50 * time.Millisecond
)

// unlinkOnly opens and reads the file afresh, and removes it if it is the one
// that is meant and there is time. ErrChanged: it is another, or gone. errOld:
// there is no time left.
//
// The error of an unlink does not say that nothing was unlinked: a request that
// was repeated finds nothing. So the file decides, which is read anew; and the
// clock is looked at before each unlink, for the file may be another's after it.
//
// aside: the name may stay after an unlink, see takeAway.
func (r *Reaper) unlinkOnly(dir fsys.Dir, name string, how fsys.OpenFlag, aside bool, young func() bool, meant func(*sighting) bool) error {
	var failed error // of an unlink
	for try := 1; ; try++ {
		s, err := r.readFresh(dir, name, how)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fsys.ErrIrregular), err == nil && !meant(s):
			if failed != nil {
				return nil // it was removed, only its answer was lost
			}
			return ErrChanged
		case err == nil && !young():
			return errOld
		case err == nil:
			err = r.takeAway(dir, name, aside)
			if err == nil || errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			failed = err
		}
		if try == unlinkTries || errors.Is(err, fs.ErrPermission) {
			return err
		}
		r.host.Sleep(unlinkPause)
	}
}

// takeAway removes a name. Where it would stay while anybody has the file open
// (a frozen owner on another machine, above all), the file is renamed first, in
// one request of which the same is true as of an unlink: it takes what the name
// means then. What may be left of it under its new name is a lock file that
// nobody holds, and reaped as such.
func (r *Reaper) takeAway(dir fsys.Dir, name string, aside bool) error {
	if !aside {
		return dir.Unlink(name)
	}
	gone := fsys.AsideName(r.host.NewToken())
	if err := dir.Rename(name, gone); err != nil {
		return err
	}
	_ = dir.Unlink(gone) // the name that matters is free
	return nil
}

// readFresh opens and reads a file: where clients cache, an open asks the server
// (close-to-open consistency, nfs(5)). What it is for was a regular file a moment
// ago: how is OpenListed, or OpenOwn where size and times do not matter.
func (r *Reaper) readFresh(dir fsys.Dir, name string, how fsys.OpenFlag) (*sighting, error) {
	f, err := dir.Open(name, how)
	if err != nil {
		return nil, err
	}
	s := &sighting{path: join(dir, name), info: f.OpenInfo()}
	if how == fsys.OpenOwn {
		err = s.readText(f)
	} else {
		err = s.readFrom(f)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return s, err
}
