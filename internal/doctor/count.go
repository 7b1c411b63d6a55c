package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// mutex is the lock under which the counter is counted up: held by whoever
// created the file, which was just shown to be one at a time. It is the barest
// lock there is, and not this project's, for two reasons: nothing that is
// examined here rests on it, and it is fast, so that updates follow each other
// within one tick of a server's clock, which is when they are lost. Nobody
// breaks it: a process that dies with it ends the experiment.
type mutex struct {
	dir  fsys.Dir
	name string
}

// senseless is how often an answer may say neither that the file was created nor
// that it is there. A server that is just removing it may answer strangely.
const senseless = 10

func (m mutex) lock(ctx context.Context) error {
	odd := 0
	for wait := time.Millisecond; ; wait = min(2*wait, 4*time.Millisecond) {
		f, err := m.dir.Create(m.name, 0o600)
		if err == nil {
			return f.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			if odd++; odd > senseless {
				return err
			}
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// unlock: nothing else removes the file, so that it is gone already means that
// the answer to a first removal was lost (NFS repeats its calls).
func (m mutex) unlock() error {
	if err := m.dir.Unlink(m.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// How the counter is kept; they end the names of requests.
const (
	countKept   = "-kept"   // open all the time
	countPlain  = ""        // opened after the lock is taken and closed before it is released
	countLocked = "-locked" // that, and a kernel lock on it in between
)

// counterWidth keeps the file's size the same, for a change of size is noticed
// where one of the contents alone is not.
const counterWidth = 10

// countFor is how long one side counts at most. Where a name is not free at once
// after its removal (SMB) it does not get far.
const countFor = 4 * time.Second

// count counts the counter up n times, under the lock, or for as long as may be
// counted, and says how often it did.
func (h *hand) count(ctx context.Context, name string, n int, how string) (done int64, err error) {
	m := mutex{h.dir, name + "-mutex"}
	var kept fsys.File
	if how == countKept {
		if kept, err = h.dir.Open(name, fsys.OpenWrite); err != nil {
			return 0, err
		}
		defer func() { _ = kept.Close() }()
	}
	short, cancel := context.WithTimeout(ctx, countFor)
	defer cancel()
	for range n {
		if err := m.lock(short); err != nil {
			if ctx.Err() == nil && short.Err() != nil {
				return done, nil // it is over, and the lock is not held
			}
			return done, err
		}
		if kept != nil {
			err = countUp(kept)
		} else {
			err = countOpened(ctx, h.dir, name, how == countLocked)
		}
		if err := errors.Join(err, m.unlock()); err != nil {
			return done, err
		}
		done++
		if err := pause(ctx, time.Millisecond); err != nil { // so that the other comes in between
			return done, err
		}
	}
	return done, nil
}

func countOpened(ctx context.Context, dir fsys.Dir, name string, locked bool) error {
	f, err := dir.Open(name, fsys.OpenWrite)
	if err != nil {
		return err
	}
	if locked {
		_, err = freeWithin(ctx, f, soon)
	}
	if err == nil {
		err = countUp(f)
	}
	if locked && err == nil {
		err = f.Unlock()
	}
	return errors.Join(err, f.Close())
}

func countUp(f fsys.File) error {
	now, err := counted(f)
	if err != nil {
		return err
	}
	return f.Write(counter(now + 1))
}

func counter(n int64) []byte { return fmt.Appendf(nil, "%0*d\n", counterWidth, n) }

func counted(f fsys.File) (int64, error) {
	text, err := f.Read(100)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
}

// readCounter reads what came of it: in a fresh look, and under a kernel lock
// if there is one to be had, for to take it makes an NFS client forget what it
// has in its cache (fs/nfs/file.c, do_setlk).
func readCounter(dir fsys.Dir, name string) (int64, error) {
	f, err := dir.Open(name, fsys.OpenWrite)
	if err != nil {
		return 0, err
	}
	_ = f.TryLock(fsys.Exclusive)
	n, err := counted(f)
	return n, errors.Join(err, f.Close())
}

// startCounter makes the counter's file.
func (b *bench) startCounter(name string) error {
	return os.WriteFile(b.at(name), counter(0), 0o600)
}
