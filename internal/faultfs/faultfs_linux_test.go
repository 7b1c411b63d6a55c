package faultfs_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// world is a process for which FUSE is a local filesystem: here it is one, for
// there is but this kernel, which keeps its kernel locks itself.
func world() (*host.Host, *faults.FS) {
	f := faults.On(fsys.Real, nil)
	f.Class = fsys.Class{Type: "fuse", Local: true}
	who := meta.Self()
	who.Instance = uuid.NewString()
	w := host.Real.With(f)
	w.Self = func() meta.Identity { return who }
	w.Sleep = func(time.Duration) {}
	return w, f
}

// act takes a lock and lets it go. It returns what is wrong with what came of
// it, and the errors that were reported.
type act func(h *host.Host, path string) (reported []error, wrong error)

func locker(newLock func(path string, opts ...lock.Option) lock.Locker) act {
	return func(h *host.Host, path string) (reported []error, wrong error) {
		l := newLock(path, lock.InHost(h))
		if err := l.TryLock(); err != nil {
			if l.Locked() {
				wrong = errors.New("locked after an error")
			}
			return []error{err}, wrong
		}
		other, _ := world()
		if newLock(path, lock.InHost(other)).TryLock() == nil { // the fault may be this one's
			wrong = errors.New("two owners")
		}
		if err := l.Unlock(); err != nil {
			reported = append(reported, err)
		}
		return reported, wrong
	}
}

func grant(h *host.Host, path string) (reported []error, wrong error) {
	token, err := lock.Grant(context.Background(), path, os.Getpid(), lock.WithTimeout(0), lock.InHost(h))
	if err != nil {
		if token != "" {
			wrong = errors.New("the grant is left behind")
		}
		return []error{err}, wrong
	}
	for try := 1; ; try++ { // the token is known, so it can be tried again
		_, err := reaper.In(h).Break(context.Background(), path, reaper.Options{Token: token})
		if err == nil {
			return reported, nil
		}
		if reported = append(reported, err); try == 3 {
			return reported, errors.New("cannot be revoked")
		}
	}
}

var acts = []struct {
	name string
	do   act
	soft bool
}{
	{"Soft", locker(func(p string, o ...lock.Option) lock.Locker { return lock.NewSoft(p, o...) }), true},
	{"Soft with a mode", locker(func(p string, o ...lock.Option) lock.Locker {
		return lock.NewSoft(p, append(o, lock.WithMode(0o600))...)
	}), true},
	{"Grant", grant, true},
	{"File", locker(func(p string, o ...lock.Option) lock.Locker { return lock.NewFile(p, o...) }), false},
}

// What the kernel makes of the errors: it repeats some requests (ESTALE), drops
// some errors (of a flush), and reports others as they are (EINTR, which is
// repeated below the locks).
var errnos = []syscall.Errno{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.ESTALE, syscall.EINTR, syscall.EACCES, syscall.EROFS}

// changes are the requests of which it matters that they were done, when their
// answer is lost.
var changes = []string{"create", "flush", "setattr", "unlink", "write"}

// Every request of the kernel is refused in turn, and is done and its answer
// lost: the lock is held and known, or nothing is left and the next one gets it.
func TestEveryRequestFailsOnce(t *testing.T) {
	mnt, r := mount(t)
	for _, a := range acts {
		t.Run(a.name, func(t *testing.T) {
			path := filepath.Join(mnt, strings.ReplaceAll(a.name, " ", "-")+".lock")
			try := func(wrong rule) {
				h, f := world()
				r.reset(wrong)
				reported, err := a.do(h, path)
				r.reset(rule{})
				if err != nil {
					t.Errorf("%+v: %v; reported %q", wrong, err, reported)
				}
				for _, err := range reported {
					if !strings.Contains(err.Error(), path) {
						t.Errorf("%+v: the error does not name the path: %q", wrong, err)
					}
					if wrong.errno == syscall.EINTR && errors.Is(err, syscall.EINTR) {
						t.Errorf("%+v: an interrupted call was not repeated: %v", wrong, err)
					}
					if errors.Is(err, lock.ErrLost) || errors.Is(err, reaper.ErrChanged) {
						t.Errorf("%+v: nobody took the lock away: %v", wrong, err)
					}
				}
				if open := f.Open(); len(open) > 0 {
					t.Errorf("%+v: left open: %q", wrong, open)
				}
				if _, err := os.Lstat(path); a.soft && !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%+v: left behind, after %q", wrong, reported)
				}
				next, _ := world()
				if reported, err := a.do(next, path); err != nil || len(reported) > 0 {
					t.Errorf("%+v: the next one: %v, %q", wrong, err, reported)
				}
				if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Error(err)
				}
			}
			h, _ := world()
			r.reset(rule{})
			if reported, err := a.do(h, path); err != nil || len(reported) > 0 {
				t.Fatalf("without faults: %v, %q", err, reported)
			}
			count := r.all()
			_ = os.Remove(path)
			runs := 0
			for _, op := range kinds(count) {
				for n := 1; n <= min(count[op], 6); n++ {
					for i, errno := range errnos {
						try(rule{op, n, errno, false})
						runs++
						if slices.Contains(changes, op) || i == n%len(errnos) {
							try(rule{op, n, errno, true})
							runs++
						}
					}
				}
			}
			t.Logf("%d runs, requests %v", runs, count)
		})
	}
}
