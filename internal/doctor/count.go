package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
)

// mutex is the lock under which a counter is counted up: this project's own,
// taken as on a network filesystem by both sides, whatever each of them sees
// there (the server's own processes see a local one).
func (h *hand) mutex(name string) *lock.Soft {
	const often = 4 * time.Millisecond // so that updates follow each other within one tick of a server's clock
	return lock.NewSoft(filepath.Join(h.path, name+"-mutex"), lock.InHost(world(h.fs)), lock.WithNetwork(), lock.WithPoll(often))
}

// world is this process as one that holds nothing yet. What it sees of others'
// locks is not kept in the user's state directory, for nothing outside the
// examined one is to be written. It is an instance of its own, so that two of
// them in one process do not take each other's locks for their own lost ones.
func world(f fsys.FS) *host.Host {
	w, self := host.Real.With(f), meta.Self()
	self.Instance = w.NewToken()
	w.Self = func() meta.Identity { return self }
	return w
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

// count counts the counter up n times, under the lock, and says how often it
// did.
func (h *hand) count(ctx context.Context, name string, n int, how string) (done int64, err error) {
	m := h.mutex(name)
	var kept fsys.File
	if how == countKept {
		if kept, err = h.dir.Open(name, fsys.OpenWrite); err != nil {
			return 0, err
		}
		defer func() { _ = kept.Close() }()
	}
	for range n {
		if err := m.Lock(ctx); err != nil {
			return done, err
		}
		if kept != nil {
			err = countUp(kept)
		} else {
			err = countOpened(ctx, h.dir, name, how == countLocked)
		}
		if err := errors.Join(err, m.Unlock()); err != nil {
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
