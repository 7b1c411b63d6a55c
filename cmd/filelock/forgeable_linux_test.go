package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Root is not led by what everybody may have written: exit code 77, a hint, and
// the file stays until root says so itself.
func TestWhatEverybodyMayWriteIsNotBrokenForAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: a file of another user")
	}
	dir := t.TempDir()
	killedOwner(t, dir, "job.lock")
	path := filepath.Join(dir, "job.lock")
	if err := errors.Join(os.Chmod(dir, 0o777|os.ModeSticky), os.Chmod(path, 0o666), os.Chown(path, 65532, 65532)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"reap", "."}, {"reap", "--dry-run", "."}, {"reap", "job.lock"}, {"break", "job.lock"}, {"run", "-n", "job.lock", "true"}} {
		r := filelock(t, dir, args...).wantCode(t, exitPermission)
		wantText(t, args[0], r.err, "everybody may write the lock file")
		if args[0] != "reap" {
			wantText(t, args[0], r.err, "hint: ", "break --force")
		}
	}
	filelock(t, dir, "break", "--force", "job.lock").wantCode(t, exitOK)
	wantGone(t, path)
}
