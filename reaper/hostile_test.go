package reaper_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// trap is something that lies where a lock should be. It has been put at path;
// what must come of it is said per call: "" for success, else names of
// sentinels that the error matches, with blanks between. ErrHeld is waited for,
// and so not tried with Lock, unless it says at-once.
type trap struct {
	name    string
	put     func(t *testing.T, path string)
	inspect string // "unknown", "free", ... is the state; else names of sentinels
	soft    string
	file    string
}

// tooLong guards against calls that block: far longer than one takes on a
// machine with much other work. What a call took is logged.
const tooLong = time.Minute

// spring sets off a trap in every way there is, and checks that each answers
// as it should, changes nothing below dir, and leaves nothing open.
func spring(t *testing.T, a actor, c trap, dir, path string) {
	t.Helper()
	before := snapshot(t, dir)
	defer leavesNothing(t, a)()
	call := func(want, do string, args ...string) {
		t.Helper()
		begin := time.Now()
		r := a.order(t, do, args...)
		took := time.Since(begin)
		what := do + " " + strings.Join(args[:len(args)-1], " ")
		t.Logf("%s: %s %s in %s", what, r.State, r.Err, took.Round(time.Microsecond))
		if took > tooLong {
			t.Errorf("%s took %s", what, took)
		}
		answers(t, what, r, want)
	}
	call(c.inspect, "inspect", path)
	for kind, want := range map[string]string{"soft": c.soft, "file": c.file, "shared": c.file} {
		call(want, "try", kind, path)
		if !strings.Contains(want, "ErrHeld") || strings.Contains(want, "at-once") {
			call(want, "wait", kind, path)
		}
	}
	if c.inspect != "free" {
		for _, force := range []string{"", "force"} {
			if force != "" && !strings.Contains(c.inspect, "ErrIrregular") {
				continue // whatever is there is what force removes
			}
			if r := a.order(t, "break", path, "", force); r.Err == "" {
				t.Errorf("break %s says that it is gone", force)
			}
		}
	}
	if after := snapshot(t, dir); after != before {
		t.Errorf("it is not as it was:\n%s\nbefore:\n%s", after, before)
	}
}

// answers compares an answer with what a trap says of it.
func answers(t *testing.T, call string, r answer, want string) {
	t.Helper()
	switch {
	case want == "":
		if r.Err != "" {
			t.Errorf("%s: %s", call, r.Err)
		}
	case want == strings.ToLower(want) && !strings.Contains(want, "."):
		if r.Err != "" || r.State != want {
			t.Errorf("%s: state %q, error %q, want state %s", call, r.State, r.Err, want)
		}
		if want == "unknown" {
			sentences(t, append(r.Evidence, r.Missing))
		}
	default:
		if r.Err == "" {
			t.Errorf("%s: state %q and no error, want %s", call, r.State, want)
		}
		for _, name := range strings.Fields(want) {
			if name != "at-once" && !r.is(name) {
				t.Errorf("%s: %q matches %q, not %s", call, r.Err, r.Is, name)
			}
		}
	}
}

// snapshot is everything below dir that can be told from outside: names,
// sizes, modes, times of change, contents.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	must(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		text, err := fileText(path)
		fmt.Fprintf(&b, "%q %s\n", strings.TrimPrefix(path, dir), text)
		return err
	}))
	return b.String()
}

// leavesNothing returns the check that a has no more goroutines and
// descriptors then than now.
func leavesNothing(t *testing.T, a actor) (check func()) {
	t.Helper()
	before := obeys(t, a, "resources").Text
	return func() {
		t.Helper()
		if r := obeys(t, a, "resources", before); r.N != 0 {
			t.Errorf("left behind: goroutines and descriptors %s, before %s", r.Text, before)
		}
	}
}

func init() {
	// resources [BEFORE]: Text is how many goroutines and descriptors this
	// process has. With BEFORE it waits for those to end that are about to; N
	// is not 0 when there are more than before all the same.
	deeds["resources"] = func(_ *scene, args []string) (answer, error) {
		const format = "%d %d"
		var goroutines, most, descriptors int
		if len(args) > 0 {
			if _, err := fmt.Sscanf(args[0], format, &most, &descriptors); err != nil {
				return answer{}, err
			}
		}
		for begin := time.Now(); ; runtime.Gosched() {
			open, err := openDescriptors()
			goroutines = runtime.NumGoroutine()
			a := answer{Text: fmt.Sprintf(format, goroutines, open)}
			switch {
			case err != nil, len(args) == 0, goroutines <= most && open <= descriptors:
				return a, err
			case time.Since(begin) > tooLong:
				a.N = 1
				return a, nil
			}
		}
	}
	// wait KIND PATH: waits for the lock, far too long, and lets it go again.
	deeds["wait"] = func(_ *scene, args []string) (answer, error) {
		l := newLocker(args[0], args[1])
		ctx, cancel := context.WithTimeout(context.Background(), 2*tooLong)
		defer cancel()
		if err := l.Lock(ctx); err != nil {
			return answer{}, err
		}
		return answer{}, l.Unlock()
	}
}
