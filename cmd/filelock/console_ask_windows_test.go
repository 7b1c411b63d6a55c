package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBreakByForceAsksInAConsole(t *testing.T) {
	t.Parallel()
	for answer, code := range map[string]exitCode{"4711": exitOK, "4712": exitUsage, "": exitUsage} {
		dir := t.TempDir()
		path := filepath.Join(dir, "far.lock")
		elsewhere(t, path, nil)
		cmd, _ := inOwnConsole(t, dir, "keyboard", "filelock", "break", "--force", "far.lock")
		r := begin(t, cmd)
		waitFor(t, "it asks", func() bool { return strings.Contains(r.errs.String(), "Type its owner's pid to remove it: ") })
		if _, err := r.in.Write([]byte(answer + "\r")); err != nil {
			t.Fatal(err)
		}
		r.end(t).wantCode(t, code)
		if _, err := os.Stat(path); (err != nil) != (code == exitOK) {
			t.Errorf("%q: %v", answer, err)
		}
	}
	// NUL is no console, and asks nobody.
	dir := t.TempDir()
	elsewhere(t, filepath.Join(dir, "far.lock"), nil)
	filelock(t, dir, "break", "--force", "far.lock").wantCode(t, exitOK)
}
