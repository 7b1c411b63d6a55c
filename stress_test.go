//go:build linux || windows

package filelock_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/reaper"
)

// What is promised of a soft lock: how long a process may wait for it when 16
// processes want it and half of them die with it. Where other work leaves the
// machine so slow that half of the waits are long, the longest may be too. And
// how long such a stress has to be for some process to have to die at every
// step.
const (
	waitBound = 2 * time.Second
	waitRatio = 50
	longRun   = 30 * time.Second
)

// What is promised when the owner is killed: somebody else has the lock so soon.
const recoveryBound = time.Second

var procs = flag.Int("procs", 0, "run the crash stress in full with so many processes, instead of with several numbers")

func TestCrashStressNeitherOverlapsNorWedges(t *testing.T) {
	crashStress(t, []string{"soft"}, 12, 3*time.Second)
}

// Soft locks, hard locks and locks granted to a process that has no
// descriptor, on one path: they exclude each other, whoever of them dies.
func TestCrashStressOfAllKindsExcludesEachOther(t *testing.T) {
	crashStress(t, []string{"soft", "file", "grant"}, 9, 2*time.Second)
}

func crashStress(t *testing.T, kinds []string, n int, d time.Duration) {
	if !full() {
		stampede(t, kinds, n, d)
		return
	}
	many := []int{16, 64}
	if *procs > 0 {
		many = []int{*procs}
	}
	for _, n := range many {
		t.Run(fmt.Sprint(n, " processes"), func(t *testing.T) { stampede(t, kinds, n, *stress) })
	}
}

func stampede(t *testing.T, kinds []string, n int, d time.Duration) {
	h := newHerd(t, kinds...)
	a := h.arena
	soft := len(kinds) == 1
	everyStep := soft && *stress >= longRun
	h.run(t, n, d, func() bool {
		return slices.ContainsFunc(a.lines(journal), isDone) && (!everyStep || len(h.undied()) == 0)
	})
	acc, waited, recovered := h.report(t)
	for _, s := range slices.Concat(a.lines(overlaps), a.lines(errorLog), acc.wrong, h.wrong) {
		t.Error(s)
	}
	if acc.done == 0 {
		t.Fatal("nobody got the lock")
	}
	median, longest := waited[len(waited)/2], waited[len(waited)-1]
	if bound := max(waitBound, waitRatio*median) + h.stalled; full() && soft && n <= 16 && longest > bound {
		t.Errorf("somebody waited %v with %d processes, want at most %v: the median is %v, and the machine stood still for %v", longest, n, bound, median, h.stalled)
	}
	if n := len(recovered); full() && soft && n > 0 {
		if worst := recovered[n-1]; worst > max(recoveryBound, waitRatio*recovered[n/2])+h.stalled {
			t.Errorf("a killed owner's lock was had after %v, want at most %v: the median is %v, and the machine stood still for %v", worst, recoveryBound, recovered[n/2], h.stalled)
		}
	}
	if everyStep {
		for _, d := range h.undied() {
			t.Errorf("%q: no process died there", d)
		}
	}
	// The last who waited may have died at the gate.
	left := slices.DeleteFunc(names(t, a.locks()), func(name string) bool { return strings.HasSuffix(name, ".gate") || fsys.IsAside(name) })
	if len(left) > 1 {
		t.Errorf("left behind: %q, want the lock file and its gate at most", left)
	}
	l := lock.NewSoft(a.lock(), lock.WithTimeout(time.Minute))
	if err := l.Lock(context.Background()); err != nil { // unlike TryLock it takes notice of a gate
		t.Fatalf("nobody is left who could hold the lock: %v", err)
	}
	must(t, l.Unlock())
	// Where there is no POSIX deletion a process may die between putting a file
	// aside and removing it.
	if runtime.GOOS == "windows" {
		for o := range reaper.Reap(context.Background(), a.locks(), reaper.Options{}) {
			if o.Err != nil || !fsys.IsAside(filepath.Base(o.Path)) {
				t.Errorf("left behind after the next owner: %q, %s, %v", o.Path, o.Action, o.Err)
			}
		}
	}
	if left := names(t, a.locks()); len(left) > 0 {
		t.Errorf("left behind after the next owner: %q, want nothing", left)
	}
}

// The proof that the stress proves something: the usual way to break a lock
// does not pass it.
func TestRenameAsideBreakingFailsTheCrashStress(t *testing.T) {
	h := newHerd(t, renamesAside)
	start := time.Now()
	h.run(t, 16, 0, func() bool { return len(h.arena.lines(overlaps)) > 0 })
	acc, _, _ := h.report(t)
	if len(h.arena.lines(overlaps)) == 0 {
		t.Errorf("no overlap in %v", time.Since(start))
	}
	t.Logf("what the judges said of it, for one: %q", append(h.arena.lines(overlaps), acc.wrong...))
}

// report logs what happened, and returns what the counter's judge found and
// all the waits and recoveries, the longest last.
func (h *herd) report(t *testing.T) (acc account, waited, recovered []time.Duration) {
	t.Helper()
	counter, err := readCounter(h.arena)
	must(t, err)
	acc = audit(h.arena.lines(journal), counter)
	waited, wrong := waits(h.arena.lines(queue))
	acc.wrong = append(acc.wrong, wrong...)
	recovered = recoveries(h.arena.lines(queue))
	t.Logf("%d owners raised the counter or died at it, %d left it whole; %d processes killed; overlaps: %d; waits: %s; recovery from %d killed owners: %s",
		acc.begun, acc.done, h.killed, len(h.arena.lines(overlaps)), spread(waited), len(recovered), spread(recovered))
	t.Logf("broken: %s", tally(h.arena.lines(breaks)))
	t.Logf("died by themselves: %s", tally(h.arena.lines(deaths)))
	return acc, waited, recovered
}

// spread is the middle and the end of what is sorted.
func spread(d []time.Duration) string {
	var median, longest time.Duration
	if n := len(d); n > 0 {
		median, longest = d[n/2], d[n-1]
	}
	return fmt.Sprintf("median %v, longest %v", median.Round(time.Microsecond), longest.Round(time.Microsecond))
}

func isDone(entry string) bool { return strings.HasPrefix(entry, "done ") }

// undied are the deaths of a soft lock's processes that none has died. While
// there are some, processes that are started die only these: how many come by
// all of them by chance depends on the machine.
func (h *herd) undied() []death {
	died := map[string]bool{}
	for _, d := range h.arena.lines(deaths) {
		died[d] = true
	}
	still := slices.DeleteFunc(deathsAt(softSteps), func(d death) bool { return died[d.String()] })
	h.mu.Lock()
	defer h.mu.Unlock()
	h.still = still
	return still
}

func tally(lines []string) string {
	count := map[string]int{}
	for _, l := range lines {
		count[l]++
	}
	var out []string
	for _, l := range slices.Sorted(maps.Keys(count)) {
		out = append(out, fmt.Sprintf("%s %d", l, count[l]))
	}
	return fmt.Sprintf("%d (%s)", len(lines), strings.Join(out, ", "))
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestARecoveryLastsFromTheOwnersDeathOrTheNextWish(t *testing.T) {
	for _, c := range []struct {
		entries string
		want    []time.Duration
	}{
		{"wants 1 1,got 1 2,wants 2 3,wants 1 4,got 2 5", nil},
		{"wants 1 1,got 1 2,wants 2 3,dies 1 10,got 2 15,ended 1 20", []time.Duration{5}},
		{"wants 1 1,got 1 2,dies 1 10,ended 1 11,wants 2 13,got 2 15", []time.Duration{2}},
		{"wants 1 1,got 1 2,wants 2 3,dies 1 10,dies 2 11,ended 2 12,wants 3 20,got 3 24", []time.Duration{4}},
		{"wants 1 1,got 1 2,wants 2 3,wants 3 4,dies 2 10,got 3 15", nil},
		{"wants 1 1,got 1 2,wants 2 3,dies 1 10,dies 1 12,got 2 15,dies 2 20,wants 3 30,got 3 31", []time.Duration{1, 5}},
	} {
		entries := strings.FieldsFunc(c.entries, func(r rune) bool { return r == ',' })
		if got := recoveries(entries); !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, want %v", c.entries, got, c.want)
		}
	}
}

func TestTheCounterJudgeAcceptsDeathsAndNothingElse(t *testing.T) {
	for _, c := range []struct {
		entries string
		counter int
		right   bool
	}{
		{"", 0, true},
		{"begin 1 7,done 1 7,begin 2 8,done 2 8", 2, true},
		{"begin 1 7,begin 1 8,done 1 8", 1, true}, // 7 died before it wrote
		{"begin 1 7,begin 2 8,done 2 8", 2, true}, // 7 died after it wrote
		{"begin 1 7,done 1 7,begin 2 8", 1, true},
		{"begin 1 7,done 1 7,begin 2 8", 2, true},
		{"begin 1 7,done 1 7,begin 1 8,done 1 8", 1, false}, // a lost increment
		{"begin 1 7,done 1 7,begin 3 8,done 3 8", 3, false},
		{"begin 1 7,begin 1 8,done 1 7,done 1 8", 1, false}, // two at once
		{"begin 1 7,begin 2 8,done 1 7,done 2 8", 2, false},
		{"begin 1 7,begin 3 8,done 3 8", 3, false},
		{"begin 1 7,done 1 8", 1, false},
		{"begin 1 7,done 1 7", 0, false},
		{"noise", 0, false},
	} {
		entries := strings.FieldsFunc(c.entries, func(r rune) bool { return r == ',' })
		if acc := audit(entries, c.counter); (len(acc.wrong) == 0) != c.right {
			t.Errorf("%q, counter %d: the judge objects %q, want it to accept: %v", entries, c.counter, acc.wrong, c.right)
		}
	}
}
