//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func open(t *testing.T, name, path string) locker {
	t.Helper()
	l, err := mustContestant(name).open(path)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestABoundMakesTheSameSystemCallsAsOurs(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err == nil {
		err = exec.Command(strace, "-o", os.DevNull, "true").Run()
	}
	if err != nil {
		t.Skip("strace cannot trace here:", err)
	}
	for bound, ours := range map[string]string{
		"bound-soft": "soft", "bound-hard": "file", "bound-hard-norecord": "file-norecord",
	} {
		want, got := systemCalls(t, strace, ours), systemCalls(t, strace, bound)
		if got == "" || got != want {
			t.Errorf("%s makes %q, ours %q", bound, got, want)
		}
	}
}

// systemCalls are those of a lock and an unlock, from the open of the file to its close.
func systemCalls(t *testing.T, strace, name string) string {
	t.Helper()
	path, trace := filepath.Join(t.TempDir(), "lock"), filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command(strace, "-f", "-o", trace, "-e", "trace=%file,%desc", os.Args[0], "serve", name)
	cmd.Stdin = strings.NewReader(fmt.Sprintf(`{"do":"loop","path":%q,"for":1000000000,"most":5}`+"\n", path))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(trace)
	must(t, err)
	call := regexp.MustCompile(`^\d+ +(\w+)\((\d+|AT_FDCWD)?`)
	var span, last []string
	fd := ""
	for line := range strings.Lines(string(b)) {
		m := call.FindStringSubmatch(line)
		switch {
		case m == nil:
		case m[1] == "openat" && strings.Contains(line, fmt.Sprintf("%q", path)):
			fd = strings.TrimSpace(line[strings.LastIndex(line, "= ")+2:])
			span = []string{m[1]}
		case fd != "" && (m[2] == fd || strings.Contains(line, fmt.Sprintf("%q", path))):
			span = append(span, m[1])
			if m[1] == "close" {
				last, fd = span, "" // the first ones find no file, or know less
			}
		}
	}
	return strings.Join(last, " ")
}

func TestABoundSeesThatThePathNamesAnotherFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l := open(t, "bound-soft", path)
	must(t, l.lock(context.Background()))
	must(t, os.Rename(path, path+".away"))
	must(t, os.WriteFile(path, nil, 0o600))
	if err := l.unlock(); err == nil {
		t.Error("it removed a file that is not its own")
	}
}

func TestAThreadIsLeftBehindByACancelledWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	owner, waiter := open(t, "flock", path), open(t, "bound-thread", path)
	must(t, owner.lock(context.Background()))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := waiter.lock(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled wait ended with %v", err)
	}
	must(t, owner.unlock())
	must(t, waiter.lock(context.Background())) // what the thread was granted was dropped
	must(t, waiter.unlock())
}
