package reaper_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// guarded is a lock whose lease is over, as a machine has watched.
func guarded(t *testing.T, name string, lay func(s *netStage)) (*netStage, *player) {
	t.Helper()
	dir := t.TempDir()
	s := &netStage{dir: dir, path: filepath.Join(dir, name), now: time.Hour, since: map[*lock.Soft]time.Duration{}}
	s.left(t, s.path, meta.KindSoft, netLease)
	lay(s)
	p := s.freeMachine(1)
	for range 4 {
		for _, path := range []string{s.path, s.guard(1), s.guard(2), s.guard(3)} {
			_, _ = s.reaper(p).Inspect(context.Background(), path) // of a guard that is none, an error
		}
		s.now += 25 * time.Second
	}
	return s, p
}

func (s *netStage) names(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir(s.dir)
	must(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

// Reapers that died one after the other have left guards of each level.
func TestGuardsOfDeadReapersAreInNobodysWay(t *testing.T) {
	for _, name := range []string{"job.lock", strings.Repeat("n", 240), ".x", "a.1"} {
		for levels := range 4 {
			for what, do := range map[string]func(s *netStage, p *player) error{
				"take": func(s *netStage, p *player) error {
					l := s.soft(p)
					return errors.Join(l.TryLock(), l.Unlock())
				},
				"break": func(s *netStage, p *player) error {
					_, err := s.reaper(p).Break(context.Background(), s.path, reaper.Options{})
					return err
				},
				"reap the lock":      func(s *netStage, p *player) error { return s.reap(p, s.path) },
				"reap the directory": func(s *netStage, p *player) error { return s.reap(p, s.dir) },
			} {
				s, p := guarded(t, name, func(s *netStage) {
					for n := 1; n <= levels; n++ {
						s.left(t, s.guard(n), meta.KindGuard, 30*time.Second)
					}
				})
				if err := do(s, p); err != nil {
					t.Errorf("%s, %d guards, %s: %v", what, levels, name, err)
				}
				if left := s.names(t); strings.HasPrefix(what, "reap") && left != "" || strings.Contains(left, filepath.Base(s.path)+" ") {
					t.Errorf("%s, %d guards: left: %s", what, levels, left)
				}
			}
		}
	}
}

func (s *netStage) reap(p *player, path string) error {
	var errs []error
	for o := range s.reaper(p).Reap(context.Background(), path, reaper.Options{}) {
		errs = append(errs, o.Err)
	}
	return errors.Join(errs...)
}

// A reaper of another machine may be at work: it is waited for, until it has not
// been heard of for the length of its own lease.
func TestAGuardThatMayBeAliveIsWaitedFor(t *testing.T) {
	for name, lay := range map[string]func(s *netStage){
		"whole": func(s *netStage) { s.left(t, s.guard(1), meta.KindGuard, 30*time.Second) },
		"torn":  func(s *netStage) { write(t, s.guard(1), []byte(`{"format":"filelock/1","kind":"gu`)) },
		"empty": func(s *netStage) { write(t, s.guard(1), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			s, p := guarded(t, "job.lock", func(*netStage) {})
			lay(s)
			l := s.soft(p)
			for range 4 { // 0, 10, 20, 30 s: not more than its lease and the margin
				before := s.names(t)
				if err := l.TryLock(); !errors.Is(err, lock.ErrHeld) {
					t.Fatalf("a contender got %v", err)
				}
				if _, err := s.reaper(p).Break(context.Background(), s.path, reaper.Options{}); !errors.Is(err, reaper.ErrRefused) || !errors.Is(err, reaper.ErrGuarded) {
					t.Fatalf("break: %v", err)
				}
				must(t, s.reap(p, s.path))
				must(t, s.reap(p, s.dir))
				if after := s.names(t); after != before {
					t.Fatalf("there was %s, and now %s", before, after)
				}
				s.now += 10 * time.Second
			}
			must(t, l.TryLock())
			must(t, l.Unlock())
			if left := s.names(t); left != "" {
				t.Errorf("left: %s", left)
			}
		})
	}
}

// What is no guard at a guard's name is not removed, followed or waited for at
// its other end; the lock stays, and the answer names what is in the way.
func TestWhatIsNoGuardIsNotRemoved(t *testing.T) {
	precious := func(s *netStage) string { return filepath.Join(s.dir, "precious") }
	for name, lay := range map[string]func(t *testing.T, s *netStage, at string){
		"directory": func(t *testing.T, _ *netStage, at string) { must(t, os.Mkdir(at, 0o755)) },
		"symbolic link": func(t *testing.T, s *netStage, at string) {
			write(t, precious(s), []byte("data"))
			if err := symlink("precious", at); err != nil {
				t.Skip(err)
			}
		},
		"link to nothing": func(t *testing.T, _ *netStage, at string) {
			if err := symlink("nothing", at); err != nil {
				t.Skip(err)
			}
		},
		"data": func(t *testing.T, _ *netStage, at string) { write(t, at, []byte("data of somebody")) },
		"hard link to data": func(t *testing.T, s *netStage, at string) {
			write(t, precious(s), []byte("data"))
			if err := os.Link(precious(s), at); err != nil {
				t.Skip(err)
			}
		},
	} {
		for level := 1; level <= 2; level++ {
			t.Run(name, func(t *testing.T) {
				at := ""
				s, p := guarded(t, "job.lock", func(s *netStage) {
					if level == 2 {
						s.left(t, s.guard(1), meta.KindGuard, 30*time.Second)
					}
					at = s.guard(level)
					lay(t, s, at)
				})
				before := snapshot(t, s.dir)
				_, err := s.reaper(p).Break(context.Background(), s.path, reaper.Options{})
				if err == nil || !strings.Contains(err.Error(), filepath.Base(at)) {
					t.Errorf("break: %v", err)
				}
				if err := s.soft(p).TryLock(); err == nil || !errors.Is(err, lock.ErrHeld) && !strings.Contains(err.Error(), at) {
					t.Errorf("a contender got %v", err)
				}
				_ = s.reap(p, s.path)
				if after := snapshot(t, s.dir); after != before {
					t.Errorf("there was\n%s\nand now\n%s", before, after)
				}
			})
		}
	}
}

// A reaper that was slow under its guard removes nothing. Its guard, which it may
// not remove as its own any more, is judged, by itself or by others.
func TestASlowReaperRemovesNothing(t *testing.T) {
	s, a := guarded(t, "job.lock", func(*netStage) {})
	b := s.freeMachine(2)
	a.free = false
	var err error
	a.play(func() { err = s.reap(a, s.path) })
	for {
		if _, serr := os.Lstat(s.guard(1)); serr == nil || a.over {
			break
		}
		a.step(1)
	}
	a.step(2) // its record, and that it is safe
	s.now += 16 * time.Second
	a.finish()
	must(t, err)
	if left := s.names(t); left != "job.lock" {
		t.Fatalf("it left %s", left)
	}
	netTakesAtLast.do(s, b)
	for _, err := range s.errs {
		t.Error(err)
	}
	for len(s.inside) > 0 {
		s.leave(s.inside[0])
	}
	if left := s.names(t); left != "" {
		t.Errorf("left: %s", left)
	}
}
