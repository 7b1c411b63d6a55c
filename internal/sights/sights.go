// Package sights keeps what this user on this host has seen of lock files from
// one process to the next.
//
// Whether a lease ran out is found by watching: the file must stay unchanged for
// a full lease. A job that is started once a minute, tries once and ends never
// watches that long, so it leaves what it saw to the next one: when a lock file
// was first seen as it is. That must be a clock that all processes of this boot
// share, which is the time since boot.
//
// What is kept decides later whether somebody's lock may be broken. So it is
// believed only out of a directory into which nobody else can write. Nothing
// depends on its being there: without a sight the watch begins anew.
package sights

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/random"
)

// Sight is when a lock file was first seen with these stamps, and how often
// since.
type Sight struct {
	Key string // the lock's absolute path (any string)
	// Boot names the boot of this kernel, and whatever else First and Last depend
	// on: in another time namespace (time_namespaces(7)) the same clock has
	// another reading. Never empty.
	Boot  string
	Print string        // fingerprint of what was seen: token or content hash, inode, size, mtime, ctime; any string
	First time.Duration // reading of the suspend-counting clock (time since boot) at the first sight
	Last  time.Duration // at the last counted one
	Reads int           // fresh reads counted so far
}

// Store is a directory of sights, one file a key. The zero value is not usable:
// see [Open]. It may be used by any number of goroutines and processes; it has
// nothing open between calls.
type Store struct {
	places func() []place
	swept  sync.Once
}

// Open is this user's store on this host. It never fails. The directory is
// looked for when it is needed, each time, as it may be swept away (tmpfiles.d)
// while a process runs; where none can be used nothing is kept.
//
// A process opens one and keeps it.
func Open() *Store { return &Store{places: usual} }

// In is the store in one directory, which is made if there is none.
func In(dir string) *Store {
	return &Store{places: func() []place { return []place{{path: dir}} }}
}

// Where is the directory, for messages; "" if there is none that can be used.
// It makes the directory if need be, for otherwise it could not tell.
func (s *Store) Where() string {
	d := s.open(true)
	if d == nil {
		return ""
	}
	defer closeDir(d)
	return d.Path()
}

// Recall is what was kept for a key. It is false if there is nothing, or nothing
// that [Store.Keep] could have written: a file that is too long, of another user
// or kind, or whose bytes are not exactly those of a sight of this key.
//
// The sight may be of another boot, of other contents, or of a moment later than
// the caller's: the caller compares.
func (s *Store) Recall(key string) (Sight, bool) {
	d := s.open(false)
	if d == nil {
		return Sight{}, false
	}
	defer closeDir(d)
	got, ok := read(d, name(key))
	if !ok || got.Key != key {
		return Sight{}, false
	}
	return got, true
}

// Keep keeps a sight in the place of what was kept for its key. Others see
// either the one or the other, and whole. Two that keep at once both succeed, and
// one of them, either, stays.
func (s *Store) Keep(sight Sight) error {
	line, err := sight.encode()
	if err != nil {
		return err
	}
	d := s.open(true)
	if d == nil {
		return errNowhere
	}
	defer closeDir(d)
	if err := replace(d, name(sight.Key), line); err != nil {
		return err
	}
	s.swept.Do(func() { sweep(d, sight.Boot) })
	return nil
}

var errNowhere = errors.New("sights: no private directory to keep them in; set " + dirVar + " to one that only this user can enter")

// Forget removes what was kept for a key. That it could not is no matter: a
// sight of what is no longer there says nothing about what comes next.
func (s *Store) Forget(key string) {
	if d := s.open(false); d != nil {
		defer closeDir(d)
		_ = d.Unlink(name(key))
	}
}

// name is the file of a key: that of a lock's path could be too long.
func name(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:nameLen/2])
}

const nameLen = 32

// read is a sight that was kept, or false for anything that is not exactly that.
func read(d fsys.Dir, name string) (Sight, bool) {
	f, err := d.Open(name, fsys.OpenRead)
	if err != nil {
		return Sight{}, false
	}
	defer func() { _ = f.Close() }()
	info := f.OpenInfo()
	if !own(info) || info.Size > maxLine {
		return Sight{}, false
	}
	line, err := f.Read(maxLine + 1)
	if err != nil {
		return Sight{}, false
	}
	return decode(line)
}

// replace makes a file whole before it gets its name. It is not made to survive
// a crash of the machine: no sight is worth anything after that.
func replace(d fsys.Dir, name string, line []byte) error {
	var unique [8]byte
	random.Read(unique[:])
	temp := tempPrefix + name + "." + hex.EncodeToString(unique[:])
	f, err := d.Create(temp, 0o600)
	if err != nil {
		return err
	}
	err = f.Write(line)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = d.Rename(temp, name)
	}
	if err != nil {
		if uerr := d.Unlink(temp); uerr != nil && !errors.Is(uerr, fs.ErrNotExist) {
			err = errors.Join(err, fmt.Errorf("and it stays there: %w", uerr))
		}
	}
	return err
}

func closeDir(d fsys.Dir) { _ = d.Close() } // it was only looked into
