//go:build linux || windows

package filelock_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// arena is where the processes of a stress meet: the lock has a directory of
// its own, so that it shows what locking leaves behind.
type arena struct{ dir string }

func (a arena) lock() string         { return filepath.Join(a.dir, "locks", "job.lock") }
func (a arena) locks() string        { return filepath.Join(a.dir, "locks") }
func (a arena) counter() string      { return filepath.Join(a.dir, "counter") }
func (a arena) witness() string      { return filepath.Join(a.dir, "witness") }
func (a arena) log(of string) string { return filepath.Join(a.dir, of) }

// The logs. Every entry is appended with one write, which a kill does not cut.
const (
	journal  = "journal"  // what happened to the counter, in the order in which it happened
	overlaps = "overlaps" // two owners at once, as the witness saw it
	errorLog = "errors"   // what a lock call returned that it should not have
	deaths   = "deaths"   // where a process killed itself
	breaks   = "breaks"   // locks of dead owners that were broken
	queue    = "queue"    // who wanted the lock when, who got it, and who ended
)

func (a arena) append(log, format string, args ...any) {
	defer a.appending()()
	f, err := os.OpenFile(a.log(log), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = fmt.Fprintf(f, format+"\n", args...)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		panic(err)
	}
}

func (a arena) lines(log string) []string {
	b, err := os.ReadFile(a.log(log))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		panic(err)
	}
	var out []string
	for l := range bytes.Lines(b) {
		out = append(out, string(bytes.TrimSuffix(l, []byte("\n"))))
	}
	return out
}

func readCounter(a arena) (int, error) {
	b, err := os.ReadFile(a.counter())
	if err != nil || len(b) == 0 {
		return 0, err
	}
	return strconv.Atoi(string(bytes.TrimSpace(b)))
}

// writeCounter writes in place and with a fixed width: one write, never torn.
func writeCounter(a arena, n int) error {
	f, err := os.OpenFile(a.counter(), os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%020d\n", n)
	return errors.Join(err, f.Close())
}

// account is what the journal and the counter say together.
type account struct {
	begun, done int
	wrong       []string
}

// audit checks that the counter was raised by one owner at a time, exactly.
// Each owner writes "begin N" before it sets the counter to N, and "done N"
// after. Where an owner was killed in between, its successor goes on from N or
// from N-1, whichever the counter says; in any other case the numbers follow
// each other without a gap, a repetition or a stranger's entry in between.
func audit(entries []string, counter int) account {
	var acc account
	last := 0         // the counter after the last owner that was done
	open, who := 0, 0 // an owner that began and was not done; 0 is none
	for i, e := range entries {
		var n, pid int
		if _, err := fmt.Sscanf(e, "begin %d %d", &n, &pid); err == nil {
			acc.begun++
			if n != last+1 && (open == 0 || n != open+1) {
				acc.wrong = append(acc.wrong, fmt.Sprintf("entry %d, %q: the owner before it left the counter at %d", i, e, last))
			}
			last, open, who = n-1, n, pid
			continue
		}
		if _, err := fmt.Sscanf(e, "done %d %d", &n, &pid); err != nil {
			acc.wrong = append(acc.wrong, fmt.Sprintf("entry %d, %q: %v", i, e, err))
			continue
		}
		acc.done++
		if n != open || pid != who {
			acc.wrong = append(acc.wrong, fmt.Sprintf("entry %d, %q: in between was \"begin %d\" of process %d", i, e, open, who))
		}
		last, open = n, 0
	}
	if counter != last && (open == 0 || counter != open) {
		acc.wrong = append(acc.wrong, fmt.Sprintf("the counter is %d at the end, the last owner left it at %d", counter, last))
	}
	return acc
}

// The entries of the queue, with the time at which they were written.
const (
	wants = "wants"
	got   = "got"
	dies  = "dies" // it is killed now, by itself or by the parent
	ended = "ended"
)

func (a arena) queue(what string, pid int) {
	a.append(queue, "%s %d %d", what, pid, time.Now().UnixNano())
}

// waits is how long everybody waited who wanted the lock: until it had it, or
// until it died waiting, which is no excuse for having let it wait.
func waits(entries []string) (took []time.Duration, wrong []string) {
	since := map[int]int64{}
	for i, e := range entries {
		var what string
		var pid int
		var at int64
		if _, err := fmt.Sscanf(e, "%s %d %d", &what, &pid, &at); err != nil {
			wrong = append(wrong, fmt.Sprintf("queue entry %d, %q: %v", i, e, err))
			continue
		}
		if what == wants {
			since[pid] = at
		} else if from, ok := since[pid]; ok {
			took = append(took, time.Duration(at-from))
			delete(since, pid)
		}
	}
	slices.Sort(took)
	return took, wrong
}

// recoveries is how long it took, each time that an owner was killed, until
// another had the lock: from then on, or from when somebody wanted it if nobody
// did. Who had the lock last and does not want it again may have released it
// already; then there was nothing to recover from, and it is no longer than it
// would have been.
func recoveries(entries []string) (took []time.Duration) {
	var owner int
	waiting := map[int]bool{}
	killed, since := false, int64(0) // whether the owner was, and from when on
	for _, e := range entries {
		var what string
		var pid int
		var at int64
		if _, err := fmt.Sscanf(e, "%s %d %d", &what, &pid, &at); err != nil {
			continue // waits objects
		}
		if what == wants {
			if waiting[pid] = true; len(waiting) == 1 {
				since = at
			}
		} else {
			delete(waiting, pid)
		}
		switch {
		case what == got:
			if killed {
				took = append(took, time.Duration(at-since))
			}
			owner, killed = pid, false
		case pid != owner:
		case what == wants:
			owner = 0
		case what == dies && !killed:
			killed, since = true, at
		}
	}
	slices.Sort(took)
	return took
}
