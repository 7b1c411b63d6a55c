package reaper_test

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// Every strict prefix of a record is what a creator that died may leave.
func TestEveryBeginningOfARecordIsTorn(t *testing.T) {
	path := tempLock(t)
	whole := encode(t, onThisFile(t, path, recordOf(meta.Self())))
	must(t, os.Remove(path))
	if !bytes.HasPrefix(whole, []byte(meta.Prefix)) {
		t.Fatalf("a record does not begin as records do: %s", whole)
	}
	// The last byte is the newline; the object without it is whole.
	for n := 0; n < len(whole)-2; n += step() {
		write(t, path, whole[:n])
		st, err := reaper.Inspect(context.Background(), path)
		must(t, err)
		if st.Content != meta.Torn || st.State != reaper.Stale || st.Verdict != reaper.Dead || st.Rule != reaper.RuleCreatorDied {
			t.Fatalf("the first %d bytes: content %d, %s, %s by rule %q: %q", n, st.Content, st.State, st.Verdict, st.Rule, st.Evidence)
		}
		sentences(t, st.Evidence)
	}
	for _, n := range []int{0, 1, len(meta.Prefix) - 1, len(meta.Prefix), len(meta.Prefix) + 1, len(whole) / 2, len(whole) - 3} {
		t.Run(strconv.Itoa(n)+" bytes", func(t *testing.T) {
			path := tempLock(t)
			write(t, path, whole[:n])
			isDead(t, self(), path, reaper.RuleCreatorDied)
		})
		t.Run(strconv.Itoa(n)+" bytes, creator alive", func(t *testing.T) {
			path := tempLock(t)
			p := start(t)
			hold(t, p, "file", path) // has the kernel lock, as a creator has
			write(t, path, whole[:n])
			isAlive(t, self(), path, reaper.RuleKernelLockHeld)
			p.end(t)
			verdict(t, self(), path, "stale", "dead", reaper.RuleCreatorDied)
		})
	}
}

// step is that between lengths of a beginning: all of them, unless each look
// goes to Wine's server and back.
func step() int {
	if emulation.Wine() {
		return 23
	}
	return 1
}

// A scan comes across many empty files that are no locks; only who names the
// path says that it is one.
func TestAScanTakesNoTornFileForALock(t *testing.T) {
	path := tempLock(t)
	whole := encode(t, recordOf(meta.Self()))
	for n := 0; n < len(whole)-2; n += step() {
		write(t, path, whole[:n])
		for _, all := range []bool{false, true} {
			for st := range reaper.Scan(context.Background(), strings.TrimSuffix(path, "job.lock"), reaper.Options{All: all}) {
				if st.State != reaper.StateUnknown {
					t.Fatalf("the first %d bytes: a scan says %s, %s", n, st.State, st.Verdict)
				}
			}
			for o := range reaper.Reap(context.Background(), strings.TrimSuffix(path, "job.lock"), reaper.Options{All: all}) {
				if o.Action != reaper.Kept {
					t.Fatalf("the first %d bytes: a reap has %s it", n, o.Action)
				}
			}
		}
	}
}

func TestContentsThatProveNothing(t *testing.T) {
	dead := strconv.Itoa(ended(t).PID)
	record := string(encode(t, recordOf(meta.Self())))
	for _, c := range []struct {
		name, contents string
		content        meta.Class
	}{
		{"newer format", `{"format":"filelock/2","token":"x","pid":1}` + "\n", meta.Newer},
		{"newer format, record otherwise ours", strings.Replace(record, "filelock/1", "filelock/2", 1), meta.Newer},
		{"newer format of another shape", `{"format":"filelock/12",[[[`, meta.Newer},
		{"pid", dead, meta.Foreign},
		{"pid and newline", dead + "\n", meta.Foreign},
		{"padded pid", strings.Repeat(" ", 10-len(dead)) + dead + "\n", meta.Foreign},
		{"Python filelock, two lines", dead + "\nelsewhere\n", meta.Foreign},
		{"Python filelock, three lines", dead + "\nelsewhere\n12345\n", meta.Foreign},
		{"text", "this is my thesis\n", meta.Malformed},
		{"space", " ", meta.Malformed},
		{"newline", "\n", meta.Malformed},
		{"zeroes", "\x00\x00\x00\x00", meta.Malformed},
		{"other JSON", `{"a":1}` + "\n", meta.Malformed},
		{"token is no UUID", strings.Replace(record, `"token":"`, `"token":"z`, 1), meta.Malformed},
		{"pid 0", strings.Replace(record, `"pid":`, `"pid":0,"was":`, 1), meta.Malformed},
		{"negative pid", strings.Replace(record, `"pid":`, `"pid":-`, 1), meta.Malformed},
		{"two records", record + record, meta.Malformed},
		{"format not a version", `{"format":"filelock/x"}` + "\n", meta.Malformed},
		{"too large", record[:len(record)-2] + `,"note":"` + strings.Repeat("x", meta.MaxSize) + "\"}\n", meta.Malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := tempLock(t)
			write(t, path, []byte(c.contents))
			if got := meta.Parse([]byte(c.contents)); got.Class != c.content {
				t.Errorf("class %d (%s), want %d", got.Class, got.Reason, c.content)
			}
			r := verdict(t, self(), path, "unknown", "unknown", reaper.RuleUnproven)
			if !strings.Contains(r.Missing, " ") {
				t.Errorf("the missing proof is not said: %q", r.Missing)
			}
			untouched(t, path, c.content)
			p := start(t)
			if c.content == meta.Newer {
				return // a File takes no lock on it either
			}
			hold(t, p, "file", path)
			verdict(t, self(), path, "held", "alive", reaper.RuleKernelLockHeld)
			untouched(t, path, c.content)
		})
	}
}

// untouched claims: contenders and breakers leave the file alone; what is no
// lock is not waited for.
func untouched(t *testing.T, path string, content meta.Class) {
	t.Helper()
	unchanged(t, self(), path, "a contender or breaker", func() {
		for _, l := range []lock.Locker{lock.NewSoft(path), lock.NewSoft(path, lock.WithoutReaping()), lock.NewSoft(path, lock.WithTimeout(-1))} {
			err := l.TryLock()
			want := "ErrNotLockFile"
			if content == meta.Foreign {
				want = "ErrHeld"
			} else if err != nil {
				err = l.Lock(t.Context()) // for ever, if it waits
			}
			if a := (answer{Is: matches(err)}); !a.is(want) {
				t.Errorf("contender: %v, want %s", err, want)
			}
		}
		if r := self().order(t, "break", path, "", ""); !r.is("ErrRefused") {
			t.Errorf("break: %q, want it refused", r.Err)
		}
		for o := range reaper.Reap(t.Context(), path, reaper.Options{}) {
			if o.Action != reaper.Kept {
				t.Errorf("reap: %s", o.Action)
			}
		}
	})
}
