// Package leaks tells whether a package's tests left goroutines or descriptors
// behind that were not there before. It is for TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(leaks.Check(m)) }
//
// Only tests use it. It does not import package testing all the same, so that
// nothing else does by importing it.
package leaks

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// patience is how long what is about to end has for it: a goroutine that was
// told to, a look at a process that takes its time. It is waited for only when
// something is left.
const patience = 2 * time.Minute

// Check runs the tests of m, a *testing.M, and returns the exit code: theirs if
// they failed, for what a failed test leaves says nothing new; else 1 if
// something is left, which is then printed. What lock files the tests have seen
// is kept in a directory that is removed at the end, not in the user's.
func Check(m interface{ Run() int }) int {
	code := -1
	run := func() { code = check(m, os.Stderr, patience) }
	if fuzzing() {
		run = func() { code = m.Run() }
	}
	if err := withState(run); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "leaks:", err)
		return 1
	}
	return code
}

const stateVar = "FILELOCK_STATE_DIR"

// withState runs fn with a private state directory, unless one is set.
func withState(fn func()) error {
	if os.Getenv(stateVar) != "" {
		fn()
		return nil
	}
	dir, err := os.MkdirTemp("", "filelock-test")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Setenv(stateVar, dir); err != nil {
		return err
	}
	fn()
	return os.Unsetenv(stateVar)
}

// fuzzing: package testing keeps pipes and goroutines for its workers.
func fuzzing() bool {
	for _, name := range []string{"test.fuzz", "test.fuzzworker"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != f.DefValue {
			return true
		}
	}
	return false
}

func check(m interface{ Run() int }, out io.Writer, patience time.Duration) int {
	goroutinesBefore, descriptorsBefore := goroutines(), descriptors()
	if code := m.Run(); code != 0 {
		return code
	}
	end := time.Now().Add(patience)
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		late := time.Now().After(end) // asked first: the last look is one after the end
		left := append(leftGoroutines(goroutinesBefore, goroutines()), leftDescriptors(descriptorsBefore, descriptors())...)
		switch {
		case len(left) == 0:
			return 0
		case late:
			_, _ = fmt.Fprintf(out, "leaks: the tests passed, but left this behind for %s:\n", patience)
			for _, l := range left {
				_, _ = fmt.Fprintf(out, "\n%s\n", l)
			}
			return 1
		}
		time.Sleep(pause)
	}
}
