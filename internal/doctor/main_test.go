package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/leaks"
)

// roleVariable has the test binary be another process.
const roleVariable = "FILELOCK_DOCTOR_TEST_ROLE"

// roles are what it can be; each gets a directory.
var roles = map[string]func(dir string) error{
	"second": func(dir string) error { return Serve(context.Background(), dir, os.Stdin, os.Stdout) },
}

func TestMain(m *testing.M) {
	unheard, lookback, mostWatch, slowest, soon = time.Second, 50*time.Millisecond, 300*time.Millisecond, time.Second, time.Second
	if emulation.Wine() {
		races = 20 // to look up a name it reads the directory
	}
	if role := roles[os.Getenv(roleVariable)]; role != nil {
		if err := role(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv("GORACE") == "" {
		_ = os.Setenv("GORACE", "atexit_sleep_ms=10")
	}
	os.Exit(leaks.Check(m))
}

// process is this test binary in a role.
func process(role, dir string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self, dir)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	return cmd
}

func another(dir string) *exec.Cmd { return process("second", dir) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// clearAll has every side of a meeting clear away, as they do: at once. Where a
// file that is open keeps its name the one waits for the other.
func clearAll(t *testing.T, pairs ...*pair) {
	t.Helper()
	errs := make([]error, len(pairs))
	var wg sync.WaitGroup
	for i, p := range pairs {
		wg.Go(func() { errs[i] = p.clear() })
	}
	wg.Wait()
	must(t, errors.Join(errs...))
}

// report collects results.
type report struct {
	mu   sync.Mutex
	list []Result
}

func (r *report) add(x Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, x)
}

// get is a check's result, which must be there once.
func (r *report) get(t *testing.T, check string) Result {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []Result
	for _, x := range r.list {
		if x.Check == check {
			found = append(found, x)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s is there %d times:\n%s", check, len(found), r.text())
	}
	return found[0]
}

func (r *report) text() string {
	var b strings.Builder
	for _, x := range r.list {
		fmt.Fprintf(&b, "%-5s %s: %s\n", spelt(x.OK), x.Check, x.Detail)
	}
	return b.String()
}

func spelt(ok *bool) string {
	if ok == nil {
		return "null"
	}
	return fmt.Sprint(*ok)
}

// want checks what came of checks: "true", "false" or "null".
func (r *report) want(t *testing.T, want string, checks ...string) {
	t.Helper()
	for _, c := range checks {
		if x := r.get(t, c); spelt(x.OK) != want {
			t.Errorf("%s is %s, want %s: %s", c, spelt(x.OK), want, x.Detail)
		}
	}
}

// examine runs an examination that must come to its end and leave nothing.
func examine(t *testing.T, o Options) (*report, bool) {
	t.Helper()
	dir := t.TempDir()
	if o.Second == nil {
		o.Second = another
	}
	r := &report{}
	trusted, err := Run(context.Background(), dir, o, r.add)
	must(t, err)
	wantEmpty(t, dir)
	return r, trusted
}

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		t.Errorf("left behind: %s", e.Name())
	}
}

// needLocal skips where temporary directories are on a filesystem about which
// less can be said.
func needLocal(t *testing.T) {
	t.Helper()
	c, err := fsys.Real.At(t.TempDir()).Class()
	must(t, err)
	if !c.KernelBacked() {
		t.Skipf("%v is not kernel-backed", c)
	}
}
