package reaper_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// netStage is one run of a schedule over a network: each player is a machine of
// its own, and all go by one clock, which is set by hand.
type netStage struct {
	dir, path string
	now       time.Duration
	inside    []*lock.Soft // who was let in, and may have lost the lock since
	since     map[*lock.Soft]time.Duration
	errs      []error
}

func (s *netStage) fail(format string, args ...any) {
	s.errs = append(s.errs, fmt.Errorf(format, args...))
}

func (s *netStage) guard(level int) string {
	return filepath.Join(s.dir, fmt.Sprintf(".%s.%d.guard", filepath.Base(s.path), level))
}

// machine is a player on the nth machine.
func (s *netStage) machine(n int) *player {
	p := newPlayer()
	p.host.Uptime = func() time.Duration { return s.now }
	p.host.Sleep = func(d time.Duration) { s.now += d }
	p.host.Renews, p.host.Wakes = false, false
	who := meta.Self()
	who.Instance = uuid.NewString()
	who.BootID = fmt.Sprintf("00000000-0000-4000-8000-%012d", n)
	p.host.Self = func() meta.Identity { return who }
	return p
}

func (s *netStage) reaper(p *player) *reaper.Reaper { return reaper.In(p.host).AsNetwork(true) }

func (s *netStage) soft(p *player) *lock.Soft {
	return lock.NewSoft(s.path, lock.WithNetwork(), lock.InHost(p.host))
}

// left writes what a machine that is gone has left.
func (s *netStage) left(t *testing.T, path, kind string, lease time.Duration) {
	t.Helper()
	who := meta.Self()
	who.BootID, who.Instance = "00000000-0000-4000-8000-000000000999", uuid.NewString()
	r := recordOf(who)
	r.Kind, r.Token, r.LeaseMS = kind, uuid.NewString(), lease.Milliseconds()
	write(t, path, encode(t, r))
}

// watch has players see all that is there until time has judged it.
func (s *netStage) watch(t *testing.T, players ...*player) {
	t.Helper()
	for range 4 {
		for _, p := range players {
			p.free = true
			for _, path := range []string{s.path, s.guard(1), s.guard(2), s.guard(3)} {
				_, err := s.reaper(p).Inspect(context.Background(), path)
				must(t, err)
			}
			p.free = false
		}
		s.now += 25 * time.Second
	}
}

func (s *netStage) enter(l *lock.Soft, err error) bool {
	if err != nil || !l.Locked() {
		if err == nil {
			s.fail("it was let in, and has lost the lock")
		}
		return false
	}
	for _, other := range s.inside {
		if other.Locked() {
			s.fail("two owners at once")
		}
	}
	s.inside = append(s.inside, l)
	s.since[l] = s.now
	s.holds(l, "just taken")
	return true
}

func (s *netStage) holds(l *lock.Soft, when string) {
	rec, _ := l.Record()
	b, err := os.ReadFile(s.path)
	if err != nil {
		s.fail("%s: the file of a live lock: %v", when, err)
	} else if c := meta.Parse(b); c.Record == nil || c.Record.Token != rec.Token {
		s.fail("%s: the file is not the owner's: %q", when, b)
	}
}

func (s *netStage) leave(l *lock.Soft) {
	for i, in := range s.inside {
		if in == l {
			s.inside = append(s.inside[:i:i], s.inside[i+1:]...)
		}
	}
	was := l.Locked()
	err := l.Unlock()
	// Making the lock lasted a quarter of the lease at most.
	if was && errors.Is(err, lock.ErrLost) && s.now-s.since[l] < netLease*3/4 {
		s.fail("the lock of a live owner was removed: %v", err)
	}
}

// A netPart is what one machine does.
type netPart struct {
	name string
	do   func(s *netStage, p *player)
}

var (
	netTakes = netPart{"takes", func(s *netStage, p *player) {
		l := s.soft(p)
		s.enter(l, l.TryLock())
	}}
	netTakesAndReleases = netPart{"takes and releases", func(s *netStage, p *player) {
		l := s.soft(p)
		if s.enter(l, l.TryLock()) {
			s.leave(l)
		}
	}}
	netBreaks = netPart{"breaks", func(s *netStage, p *player) {
		_, _ = s.reaper(p).Break(context.Background(), s.path, reaper.Options{})
	}}
	netReaps = netPart{"reaps", func(s *netStage, p *player) {
		for range s.reaper(p).Reap(context.Background(), s.path, reaper.Options{}) {
		}
	}}
	netTakesAtLast = netPart{"takes at last", func(s *netStage, p *player) {
		l := s.soft(p)
		for range 24 {
			if s.enter(l, l.TryLock()) {
				return
			}
			s.now += 20 * time.Second
		}
		s.fail("the lock was never free")
	}}
)

const netLease = time.Minute

var netScenes = []struct {
	name string
	set  func(t *testing.T, s *netStage)
}{
	{"nothing", func(*testing.T, *netStage) {}},
	{"expired", func(t *testing.T, s *netStage) { s.left(t, s.path, meta.KindSoft, netLease) }},
	{"torn", func(t *testing.T, s *netStage) { write(t, s.path, nil) }},
	{"expired, and its guard", func(t *testing.T, s *netStage) {
		s.left(t, s.path, meta.KindSoft, netLease)
		s.left(t, s.guard(1), meta.KindGuard, 30*time.Second)
	}},
	{"expired, and its torn guard", func(t *testing.T, s *netStage) {
		s.left(t, s.path, meta.KindSoft, netLease)
		write(t, s.guard(1), nil)
	}},
	{"expired, and its guard, and that one's", func(t *testing.T, s *netStage) {
		s.left(t, s.path, meta.KindSoft, netLease)
		s.left(t, s.guard(1), meta.KindGuard, 30*time.Second)
		s.left(t, s.guard(2), meta.KindGuard, 30*time.Second)
	}},
}

// end lets a fresh machine take the lock: at once or, when somebody was stopped
// with it, when that has run out; and nothing is left.
func (s *netStage) end(t *testing.T, schedule string) {
	t.Helper()
	for _, l := range s.inside {
		if l.Locked() {
			s.holds(l, "at the end")
		}
	}
	for len(s.inside) > 0 {
		s.leave(s.inside[0])
	}
	fresh := s.machine(77)
	fresh.free = true
	netTakesAtLast.do(s, fresh)
	for len(s.inside) > 0 {
		s.leave(s.inside[0])
	}
	for range 5 { // what stopped reapers left
		for o := range s.reaper(fresh).Reap(context.Background(), s.dir, reaper.Options{}) {
			if o.Err != nil {
				s.fail("reap: %v", o.Err)
			}
		}
		s.now += 20 * time.Second
	}
	left, err := os.ReadDir(s.dir)
	must(t, err)
	for _, e := range left {
		s.fail("%s is left", e.Name())
		_ = os.Remove(filepath.Join(s.dir, e.Name()))
	}
	for _, err := range s.errs {
		t.Errorf("%s: %v", schedule, err)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// late: it has decided to remove something, and a pause beyond its lease now is
// what no lease protects from.
func (p *player) late() bool { return strings.Contains("unlink rename", p.call) && p.call != "" }
