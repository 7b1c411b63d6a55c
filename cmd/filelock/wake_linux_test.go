package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/internal/fsys"
)

// Another program may have opened the file for reading only: that it closes it is
// told by nothing but its lock.
func TestWaitIsWokenByAnotherProgramsRelease(t *testing.T) {
	for name, how := range map[string]fsys.LockMode{"exclusive": fsys.Exclusive, "shared": fsys.Shared} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			needKernelBacked(t)
			unpolled(t)
			path := filepath.Join(dir, "x.lock")
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
			f, err := fsys.Real.At(dir).Open("x.lock", fsys.OpenRead)
			if err == nil {
				err = f.TryLock(how)
			}
			if err != nil {
				t.Fatal(err)
			}
			waitWoken(t, path, func() {
				waitFor(t, "somebody is blocked on the lock", func() bool { return blockedOn(t, path) })
				if err := f.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// blockedOn says whether somebody waits for a flock(2) on the file.
func blockedOn(t *testing.T, path string) bool {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		t.Fatal(err)
	}
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)), st.Ino)
	for line := range strings.Lines(string(read(t, "/proc/locks"))) {
		if f := strings.Fields(line); len(f) > 6 && f[1] == "->" && f[2] == "FLOCK" && f[6] == file {
			return true
		}
	}
	return false
}
