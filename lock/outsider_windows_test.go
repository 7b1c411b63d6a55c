package lock_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/lock"
)

// What the owner says whose file another program has touched meanwhile.
func TestWhatTheOwnerSaysOfWhatAnotherProgramDid(t *testing.T) {
	for does, c := range map[string]struct {
		act  func(path string) error
		lost bool
	}{
		"reads it":   {func(path string) error { _, err := os.ReadFile(path); return err }, false},
		"renames it": {func(path string) error { return os.Rename(path, path+".moved") }, true},
		"deletes it": {os.Remove, true},
	} {
		t.Run(does, func(t *testing.T) {
			if does == "deletes it" {
				emulation.SkipWine(t, "it opens a file whose deletion is pending, so its owner sees no loss")
			}
			path := tempPath(t)
			l := lock.NewSoft(path)
			must(t, l.TryLock())
			must(t, c.act(path))
			if err := l.Unlock(); errors.Is(err, lock.ErrLost) != c.lost || !c.lost && err != nil {
				t.Errorf("Unlock: %v", err)
			}
			next := lock.NewSoft(path)
			must(t, next.TryLock())
			must(t, next.Unlock())
		})
	}
}

// One that does not share what it has open keeps everybody from judging, and the
// owner from releasing. That is said, and is neither held nor denied; and when
// the program is gone the lock is free, with nothing left to clear away.
func TestAProgramThatDoesNotShareTheLockFile(t *testing.T) {
	path := tempPath(t)
	l := lock.NewSoft(path)
	must(t, l.TryLock())
	p, err := windows.UTF16PtrFromString(path)
	must(t, err)
	// As package os opens files: without the right to delete for others.
	h, err := windows.CreateFile(p, windows.GENERIC_READ, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
	must(t, err)
	other := lock.NewSoft(path)
	if err := other.TryLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("TryLock of a held one: %v, want ErrHeld", err)
	}
	wantUnshared(t, "Unlock", l.Unlock())
	wantUnshared(t, "TryLock of what could not be removed", other.TryLock())
	must(t, windows.CloseHandle(h))
	must(t, other.TryLock()) // as of a dead owner
	must(t, other.Unlock())
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
}

func wantUnshared(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, lock.ErrHeld) || errors.Is(err, fs.ErrPermission) {
		t.Errorf("%s: %v, want %v", what, err, windows.ERROR_SHARING_VIOLATION)
	}
}
