package sights

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/leaks"
)

// roles are what this test binary does when it is run as another process.
var roles = map[string]func(args []string) error{}

const roleVar = "FILELOCK_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVar); role != "" {
		if err := roles[role](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, role+":", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(leaks.Check(m))
}

func roleCommand(role string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	// The race detector would sleep a second at the end of each.
	cmd.Env = append(os.Environ(), roleVar+"="+role, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	return cmd
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const key = "/srv/share/job.lock"

// some is a sight of key.
func some() Sight {
	return Sight{Key: key, Boot: "5d2c", Print: "token 12 34", First: 5 * time.Second, Last: 25 * time.Second, Reads: 3}
}

// private is a directory that is not made yet.
func private(t *testing.T) string { return filepath.Join(t.TempDir(), "private") }

func keep(t *testing.T, s *Store, sights ...Sight) {
	t.Helper()
	for _, v := range sights {
		must(t, s.Keep(v))
	}
}

func wantKept(t *testing.T, s *Store, want Sight) {
	t.Helper()
	if got, ok := s.Recall(want.Key); !ok || got != want {
		t.Errorf("recalled %+v, %t, want %+v", got, ok, want)
	}
}

func wantNone(t *testing.T, s *Store, key string) {
	t.Helper()
	if got, ok := s.Recall(key); ok || got != (Sight{}) {
		t.Errorf("recalled %+v, %t, want none", got, ok)
	}
}

// wantNames wants these names in a directory and no others.
func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	es, err := os.ReadDir(dir)
	must(t, err)
	got := make(map[string]bool)
	for _, e := range es {
		got[e.Name()] = true
	}
	for _, n := range want {
		if !got[n] {
			t.Errorf("%s is gone", n)
		}
		delete(got, n)
	}
	for n := range got {
		t.Errorf("%s is there", n)
	}
}

// lineOf is how a sight is kept.
func lineOf(t *testing.T, v Sight) string {
	t.Helper()
	b, err := v.encode()
	must(t, err)
	return strings.TrimSuffix(string(b), "\n")
}
