package reaper_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// What a scan learned about a process a moment ago is used again. These are the
// limits of that.

// said are answers about processes, one after the other; the last one stays.
type said struct {
	mu      sync.Mutex
	answers []meta.Process
	asked   int
}

func (s *said) look(int) meta.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.answers[min(s.asked, len(s.answers))-1]
}

func (s *said) world() *reaper.Reaper {
	h := host.Real.With(fsys.Real)
	h.Look = s.look
	return reaper.In(h)
}

// locksOf writes one lock for each start, all of one pid, without kernel locks.
func locksOf(t *testing.T, starts ...string) (dir string) {
	t.Helper()
	dir = quickDir(t)
	for i, start := range starts {
		rec := recordOf(meta.Self())
		rec.PID, rec.Start, rec.Instance = 4711, start, ""
		write(t, filepath.Join(dir, fmt.Sprintf("%04d", i)), encode(t, rec))
	}
	return dir
}

var (
	isGone = meta.Process{State: meta.Gone}
	runs   = func(start string) meta.Process { return meta.Process{State: meta.Running, Start: start} }
)

func TestAScanAsksOnceAboutAProcess(t *testing.T) {
	const files = 300
	starts := make([]string, files)
	for i := range starts {
		starts[i] = "100"
	}
	dir := locksOf(t, starts...)
	s := &said{answers: []meta.Process{runs("100")}}
	n := 0
	for st, err := range s.world().Scan(t.Context(), dir, reaper.Options{}) {
		must(t, err)
		if n++; st.Rule != reaper.RuleProcessAlive {
			t.Errorf("%s: %+v", st.Path, st.Judgment)
		}
	}
	if n != files || s.asked > files/2 {
		t.Errorf("asked %d times about the owner of %d locks", s.asked, n)
	}
}

// The pid is another process's now: it is known by its start.
func TestAReusedPIDIsNotRecalled(t *testing.T) {
	for _, starts := range [][]string{{"100", "200"}, {"", ""}} {
		dir := locksOf(t, starts...)
		// In the first look, whichever file that is of, the process is gone.
		s := &said{answers: []meta.Process{isGone, runs("200")}}
		dead := 0
		for st, err := range s.world().Scan(t.Context(), dir, reaper.Options{}) {
			must(t, err)
			if st.Verdict == reaper.Dead && st.Rule == reaper.RuleProcessGone {
				dead++
			}
		}
		if s.asked != 2 || dead < 1 || dead > 2 || starts[0] == "" && dead != 1 {
			t.Errorf("starts %q: asked %d times, want 2; %d dead", starts, s.asked, dead)
		}
	}
}

// Two owners of one pid and one start, on two machines.
func TestAnotherMachinesProcessIsNotRecalled(t *testing.T) {
	dir := locksOf(t, "100")
	rec := recordOf(meta.Self())
	rec.PID, rec.Start, rec.Instance, rec.MachineID = 4711, "100", "", "another"
	write(t, filepath.Join(dir, "another"), encode(t, rec))
	s := &said{answers: []meta.Process{runs("100")}}
	got := map[reaper.Verdict]int{}
	for st, err := range s.world().Scan(t.Context(), dir, reaper.Options{}) {
		must(t, err)
		got[st.Verdict]++
	}
	if got[reaper.Alive] != 1 || got[reaper.Unknown] != 1 {
		t.Errorf("verdicts %v, want one alive and one unknown", got)
	}
}

// What the kernel would not say is asked again.
func TestNoAnswerIsNotRecalled(t *testing.T) {
	dir := locksOf(t, "100", "100")
	s := &said{answers: []meta.Process{{}, runs("100")}}
	var got []reaper.Verdict
	for st, err := range s.world().Scan(t.Context(), dir, reaper.Options{}) {
		must(t, err)
		got = append(got, st.Verdict)
	}
	if fmt.Sprint(got) != "[unknown alive]" {
		t.Errorf("verdicts %q, want unknown and then alive", got)
	}
}

// Nothing is removed for what was known of its owner before it was looked at.
func TestWhatIsRecalledIsJudgedAfreshBeforeItIsRemoved(t *testing.T) {
	dir := locksOf(t, "100", "100", "100")
	s := &said{answers: []meta.Process{isGone, runs("100")}}
	actions := map[reaper.Action]int{}
	for out := range s.world().Reap(context.Background(), dir, reaper.Options{}) {
		actions[out.Action]++
		if (out.Action == reaper.Broken) != (out.State == reaper.Stale) {
			t.Errorf("%s: %s, %s %v", out.Path, out.Action, out.State, out.Err)
		}
	}
	if actions[reaper.Broken] != 1 || actions[reaper.Kept] != 2 {
		t.Errorf("%v, want one broken and two kept", actions)
	}
}
