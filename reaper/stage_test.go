package reaper_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// stage is one run of a schedule: what lies at path, and who plays.
type stage struct {
	t      *testing.T
	path   string
	inside []holder // who holds the lock, as they believe
	errs   []error
}

func (s *stage) fail(format string, args ...any) {
	s.errs = append(s.errs, fmt.Errorf(format, args...))
}

// holder has the lock.
type holder interface {
	Unlock() error
	Record() (meta.Record, bool)
}

// granted is a lock without a descriptor.
type granted struct{ path, token string }

func (g *granted) Record() (meta.Record, bool) { return meta.Record{Token: g.token}, true }

func (g *granted) Unlock() error { return lock.Revoke(context.Background(), g.path, g.token) }

// A part is what one player does. Players of one stage never run at once.
type part struct {
	name string
	do   func(s *stage, p *player)
}

var (
	takes = part{"takes", func(s *stage, p *player) {
		l := lock.NewSoft(s.path, lock.InHost(p.host))
		s.enter(l, l.TryLock()) // and stays until all the others are over
	}}
	takesAndReleases = part{"takes and releases", func(s *stage, p *player) {
		l := lock.NewSoft(s.path, lock.InHost(p.host))
		if s.enter(l, l.TryLock()) {
			s.leave(l)
		}
	}}
	breaks = part{"breaks", func(s *stage, p *player) {
		_, _ = reaper.In(p.host).Break(context.Background(), s.path, reaper.Options{})
	}}
	reaps = part{"reaps", func(s *stage, p *player) {
		for range reaper.In(p.host).Reap(context.Background(), s.path, reaper.Options{}) {
		}
	}}
	looks = part{"looks", func(s *stage, p *player) {
		before := len(s.inside)
		st, err := reaper.In(p.host).Inspect(context.Background(), s.path)
		if err != nil {
			s.fail("inspect: %v", err)
		}
		if before > 0 && len(s.inside) > 0 && st.Verdict == reaper.Dead && st.Record != nil && st.Record.Token == token(s.inside[0]) {
			s.fail("a live owner is judged dead by rule %s", st.Rule)
		}
	}}
	grants = part{"grants", func(s *stage, p *player) {
		token, err := lock.Grant(context.Background(), s.path, os.Getpid(), lock.WithTimeout(0), lock.InHost(p.host))
		s.enter(&granted{s.path, token}, err)
	}}
	grantsAndRevokes = part{"grants and revokes", func(s *stage, p *player) {
		token, err := lock.Grant(context.Background(), s.path, os.Getpid(), lock.WithTimeout(0), lock.InHost(p.host))
		if l := (&granted{s.path, token}); s.enter(l, err) {
			// As Revoke does, but in the player's world.
			s.left(l)
			if _, err := reaper.In(p.host).Break(context.Background(), s.path, reaper.Options{Token: token}); err != nil && !errors.Is(err, reaper.ErrRefused) {
				s.fail("the lock of a live owner was removed: %v", err)
			} else if err != nil {
				s.enter(l, nil) // somebody looks at it, who is stopped
			}
		}
	}}
	takesHard = part{"takes a hard lock", func(s *stage, p *player) {
		l := lock.NewFile(s.path, lock.InHost(p.host))
		if l.TryLock() != nil {
			return
		}
		if len(s.inside) > 0 {
			s.fail("a hard lock while another holds the soft lock")
		}
		if err := l.Unlock(); err != nil {
			s.fail("the hard lock was lost: %v", err)
		}
	}}
)

// enter: the player believes that it holds the lock, if err is nil.
func (s *stage) enter(l holder, err error) bool {
	if err != nil {
		return false
	}
	if len(s.inside) > 0 {
		s.fail("two owners at once")
	}
	s.inside = append(s.inside, l)
	s.holds(l, "just taken")
	return true
}

func token(l holder) string {
	rec, _ := l.Record()
	return rec.Token
}

// holds checks that the file is there and is this owner's.
func (s *stage) holds(l holder, when string) {
	b, err := os.ReadFile(s.path)
	if err != nil {
		s.fail("%s: the file of a live lock: %v", when, err)
		return
	}
	if c := meta.Parse(b); c.Record == nil || c.Record.Token != token(l) {
		s.fail("%s: the file is not the owner's: %q", when, b)
	}
}

func (s *stage) leave(l holder) {
	s.left(l)
	if err := l.Unlock(); err != nil {
		s.fail("the lock of a live owner was removed: %v", err)
	}
}

func (s *stage) left(l holder) {
	for i, in := range s.inside {
		if in == l {
			s.inside = append(s.inside[:i:i], s.inside[i+1:]...)
			return
		}
	}
}

// scenes are what lies at the path when the players begin.
var scenes = []struct {
	name string
	set  func(t *testing.T, path string, dead meta.Identity)
}{
	{"nothing", func(*testing.T, string, meta.Identity) {}},
	{"dead, kernel lock", func(t *testing.T, path string, dead meta.Identity) {
		write(t, path, encode(t, onThisFile(t, path, recordOf(dead))))
	}},
	{"dead, no kernel lock", func(t *testing.T, path string, dead meta.Identity) {
		write(t, path, encode(t, recordOf(dead)))
	}},
	{"empty", func(t *testing.T, path string, _ meta.Identity) { write(t, path, nil) }},
	{"torn", func(t *testing.T, path string, dead meta.Identity) {
		write(t, path, encode(t, recordOf(dead))[:40])
	}},
	{"free hard lock", func(t *testing.T, path string, dead meta.Identity) {
		r := recordOf(dead)
		r.Kind = meta.KindFile
		write(t, path, encode(t, r))
	}},
}

// quickDir is a directory in memory where there is one: tens of thousands of
// files are made in it.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "reaper-test-")
	if err == nil {
		dir, err = filepath.Abs(dir) // under Wine it is on a drive
	}
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	needSoft(t, filepath.Join(dir, "job.lock"))
	return dir
}

func newStage(t *testing.T, dir string) *stage {
	return &stage{t: t, path: filepath.Join(dir, "job.lock")}
}

// end checks that who is inside still holds the lock, and lets it go.
func (s *stage) end(schedule string) {
	s.t.Helper()
	for _, l := range s.inside {
		s.holds(l, "at the end")
	}
	for len(s.inside) > 0 {
		s.leave(s.inside[0])
	}
	if err := os.Remove(s.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.fail("%w", err)
	}
	for _, err := range s.errs {
		s.t.Errorf("%s: %v", schedule, err)
	}
	if s.t.Failed() {
		s.t.FailNow()
	}
}
