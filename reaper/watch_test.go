package reaper_test

import (
	"context"
	"math"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/sights"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// watcher is a machine that looks at a lock of a machine far away.
type watcher struct {
	t *testing.T
	s *netStage
	p *player
}

func newWatcher(t *testing.T, lease time.Duration) *watcher {
	dir := t.TempDir()
	s := &netStage{dir: dir, path: dir + "/job.lock", now: time.Hour, since: map[*lock.Soft]time.Duration{}}
	s.left(t, s.path, meta.KindSoft, lease)
	return &watcher{t, s, s.freeMachine(1)}
}

func (s *netStage) freeMachine(n int) *player {
	p := s.machine(n)
	p.free = true
	return p
}

// after looks when some time has passed.
func (w *watcher) after(d time.Duration) reaper.Status {
	w.t.Helper()
	w.s.now += d
	st, err := w.s.reaper(w.p).Inspect(context.Background(), w.s.path)
	must(w.t, err)
	return st
}

func (w *watcher) isRule(d time.Duration, rule string) {
	w.t.Helper()
	if st := w.after(d); st.Rule != rule {
		w.t.Errorf("rule %q, want %q; %q", st.Rule, rule, st.Evidence)
	}
}

// touch renews the lock, as its owner does.
func (w *watcher) touch() {
	w.t.Helper()
	info, err := os.Stat(w.s.path)
	must(w.t, err)
	at := info.ModTime().Add(time.Second)
	must(w.t, os.Chtimes(w.s.path, at, at))
}

const (
	watchTerm   = 60 * time.Second
	watchMargin = 3500 * time.Millisecond // half a second and a twentieth
)

func TestALeaseIsWatchedForItsFullLength(t *testing.T) {
	w := newWatcher(t, watchTerm)
	w.isRule(0, "unproven")
	w.isRule(30*time.Second, "unproven")
	w.isRule(30*time.Second+watchMargin-1, "unproven")
	w.isRule(1, "lease-expired")
}

func TestThreeLooksAreNeeded(t *testing.T) {
	w := newWatcher(t, watchTerm)
	w.isRule(0, "unproven")
	w.isRule(time.Hour, "unproven")
	// What follows at once may be answered out of the same cache.
	for range 5 {
		w.isRule(time.Millisecond, "unproven")
	}
	w.isRule(500*time.Millisecond, "lease-expired")
}

func TestAChangeBeginsTheWatchAnew(t *testing.T) {
	w := newWatcher(t, watchTerm)
	w.isRule(0, "unproven")
	w.isRule(50*time.Second, "unproven")
	w.touch()
	w.isRule(20*time.Second, "lease-renewed")
	w.isRule(watchTerm-1, "lease-renewed")
	w.isRule(1, "unproven")
	w.isRule(watchMargin, "lease-expired")
	w.touch() // it was not dead
	w.isRule(0, "lease-renewed")
	// Another acquisition is watched from its beginning.
	w.s.left(t, w.s.path, meta.KindSoft, watchTerm)
	w.isRule(0, "unproven")
	w.isRule(time.Minute, "unproven")
	w.isRule(watchMargin, "lease-expired")
}

// Whoever touches a file back to its old times has renewed it: ctime tells.
func TestARenewalIsSeenByEachOfTheTimes(t *testing.T) {
	w := newWatcher(t, watchTerm)
	stamps := func() fsys.Info {
		info, err := fsys.Real.At(w.s.dir).Lstat("job.lock")
		must(t, err)
		return info
	}
	before := stamps()
	if before.ChangeTime.IsZero() {
		t.Skip("there is no such time here")
	}
	w.isRule(0, "unproven")
	w.isRule(50*time.Second, "unproven")
	for stamps().ChangeTime.Equal(before.ChangeTime) { // within a tick of the filesystem's clock
		must(t, os.Chtimes(w.s.path, before.ModTime, before.ModTime))
	}
	w.isRule(20*time.Second, "lease-renewed")
}

func TestAClockThatGoesBackwardsBeginsTheWatchAnew(t *testing.T) {
	w := newWatcher(t, watchTerm)
	w.isRule(0, "unproven")
	w.isRule(30*time.Second, "unproven")
	w.isRule(-50*time.Minute, "unproven")
	w.isRule(55*time.Minute, "unproven") // long enough, but two looks only
	w.isRule(0, "unproven")
	w.isRule(time.Second, "lease-expired")
}

// What a program says of its lease may be anything that a record can hold.
func TestHostileLeases(t *testing.T) {
	for _, c := range []struct {
		ms   int64
		rule string // after a year
	}{
		{1, "lease-expired"}, {math.MaxInt64, "unproven"}, {math.MaxInt64 - 1, "unproven"}, {math.MaxInt64 / 1000, "unproven"},
		{math.MaxInt64 / int64(time.Millisecond), "unproven"}, {math.MaxInt64/int64(time.Millisecond) + 1, "unproven"},
	} {
		w := newWatcher(t, 0)
		who := meta.Self()
		who.BootID = "00000000-0000-4000-8000-000000000999"
		r := recordOf(who)
		r.Kind, r.LeaseMS = meta.KindSoft, c.ms
		write(t, w.s.path, encode(t, r))
		w.isRule(0, "unproven")
		w.isRule(time.Millisecond, "unproven") // three looks in any case
		w.after(time.Hour)
		w.isRule(365*24*time.Hour, c.rule)
		if st := w.after(time.Second); (st.State == reaper.Stale) != (c.rule == "lease-expired") {
			t.Errorf("a lease of %d ms: %s by rule %s", c.ms, st.State, st.Rule)
		}
	}
}

// Processes that look once each and end watch together, if they go by one clock.
func TestProcessesOfOneBootWatchTogether(t *testing.T) {
	for _, c := range []struct {
		what string
		as   func(n int, who *meta.Identity)
		rule string
	}{
		{"one boot", func(int, *meta.Identity) {}, "lease-expired"},
		{"other boots", func(n int, who *meta.Identity) { who.BootID = uuid.NewString() }, "unproven"},
		{"other time namespaces", func(n int, who *meta.Identity) { who.TimeNamespace = uuid.NewString() }, "unproven"},
		{"no boot id", func(n int, who *meta.Identity) { who.BootID = "" }, "unproven"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWatcher(t, watchTerm)
			store := sights.In(t.TempDir() + "/sights")
			rule := ""
			for n := range 6 {
				w.p = w.s.freeMachine(1)
				who := w.p.host.Self()
				c.as(n, &who)
				w.p.host.Self = func() meta.Identity { return who }
				w.p.host.Sights.In(store)
				rule = w.after(30 * time.Second).Rule
			}
			if rule != c.rule {
				t.Errorf("rule %q, want %q", rule, c.rule)
			}
		})
	}
}

// Where nothing can be kept any more, but the old can be read, the process that
// goes on looking comes to an end of it.
func TestAStoreThatCannotBeWrittenTo(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root writes everywhere")
	}
	w := newWatcher(t, watchTerm)
	dir := t.TempDir() + "/sights"
	w.p.host.Sights.In(sights.In(dir))
	w.isRule(0, "unproven")
	must(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	w.touch()
	w.isRule(0, "lease-renewed")
	w.isRule(40*time.Second, "lease-renewed")
	w.isRule(40*time.Second, "lease-expired")
}

// A lock that its owner's own kernel sees alive is not expired before its time,
// and a machine of the same boot needs no watch when the owner has ended.
func TestTheKernelKnowsBetterThanTheClock(t *testing.T) {
	w := newWatcher(t, watchTerm)
	r := recordOf(ended(t))
	r.Kind, r.LeaseMS = meta.KindSoft, watchTerm.Milliseconds()
	write(t, w.s.path, encode(t, r))
	w.p.host.Self = meta.Self
	w.isRule(0, "process-gone")
}
