package fsys_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/internal/fsys"
)

// blocked waits until n locks are waited for on the file, as /proc/locks says.
func blocked(t *testing.T, f fsys.File, n int) {
	t.Helper()
	info, err := f.Info()
	must(t, err)
	inode := fmt.Sprintf(":%d ", info.Ino)
	for {
		b, err := os.ReadFile("/proc/locks")
		must(t, err)
		found := 0
		for line := range strings.Lines(string(b)) {
			if strings.Contains(line, "->") && strings.Contains(line, inode) {
				found++
			}
		}
		if found == n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func needOrderLocks(t *testing.T) {
	t.Helper()
	if !fsys.OrderLocks {
		t.Skip("here an open file has no order locks")
	}
}

func TestALockThatWaitsIsGrantedWhenTheOwnerLetsGo(t *testing.T) {
	dir := at(filepath.Join(t.TempDir(), "a"))
	f := create(t, dir, "a")
	g := open(t, dir, "a", fsys.OpenRead)
	must(t, f.TryLock(fsys.Exclusive))
	granted := make(chan error, 1)
	go func() { granted <- g.Lock(fsys.Shared) }()
	if fsys.LocksBelongToFile { // else it may wait in memory
		blocked(t, f, 1)
	}
	must(t, f.Unlock())
	must(t, <-granted)
	wantErr(t, f.TryLock(fsys.Exclusive), fsys.ErrLocked)
	closing(t, f, g)
}

func TestOrderLocksAreApartFromTheLockAndFromEachOther(t *testing.T) {
	needOrderLocks(t)
	dir := at(filepath.Join(t.TempDir(), "a"))
	f := create(t, dir, "a")
	g, r := open(t, dir, "a", fsys.OpenWrite), open(t, dir, "a", fsys.OpenRead)
	must(t, f.TryLock(fsys.Exclusive))
	must(t, g.OrderLock(fsys.Turn, fsys.Exclusive, false))
	must(t, r.OrderLock(fsys.Presence, fsys.Shared, false))
	wantErr(t, f.OrderLock(fsys.Turn, fsys.Shared, false), fsys.ErrLocked)
	must(t, f.OrderLock(fsys.Presence, fsys.Shared, false))

	// Refused, the conversion leaves the shared one.
	wantErr(t, f.OrderLock(fsys.Presence, fsys.Exclusive, false), fsys.ErrLocked)
	wantErr(t, r.OrderLock(fsys.Presence, fsys.Exclusive, false), unix.EBADF)
	held(t, g, fsys.Presence, true)
	must(t, r.OrderUnlock())
	must(t, f.OrderLock(fsys.Presence, fsys.Exclusive, false))

	held(t, f, fsys.Turn, true)
	held(t, g, fsys.Turn, false) // its own is not another's
	closing(t, g)
	held(t, f, fsys.Turn, false)
	wantErr(t, r.TryLock(fsys.Shared), fsys.ErrLocked)
	closing(t, f, r)
}

func TestAnOrderLockThatWaitsLeavesTheOthersAlone(t *testing.T) {
	needOrderLocks(t)
	dir := at(filepath.Join(t.TempDir(), "a"))
	f := create(t, dir, "a")
	g := open(t, dir, "a", fsys.OpenWrite)
	must(t, f.OrderLock(fsys.Turn, fsys.Exclusive, false))
	must(t, g.OrderLock(fsys.Presence, fsys.Shared, false))
	granted := make(chan error, 1)
	go func() { granted <- g.OrderLock(fsys.Turn, fsys.Exclusive, true) }()
	blocked(t, f, 1)
	must(t, g.OrderUnlock()) // while it is blocked
	held(t, f, fsys.Presence, false)
	must(t, f.OrderUnlock())
	must(t, <-granted)
	held(t, f, fsys.Turn, true)
	closing(t, f, g)
}

func held(t *testing.T, f fsys.File, o fsys.Order, want bool) {
	t.Helper()
	got, err := f.OrderHeld(o)
	must(t, err)
	if got != want {
		t.Errorf("order lock %d held by another: %v, want %v", o, got, want)
	}
}

func TestHasAsksForTheNameOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	must(t, os.Symlink("nowhere", path))
	for name, want := range map[string]bool{"a": true, "b": false} {
		if has, err := at(path).Has(name); err != nil || has != want {
			t.Errorf("Has(%q) = %v, %v, want %v", name, has, err, want)
		}
	}
	if _, err := at(path).Has("a/b"); err == nil {
		t.Error("a name of two components was looked up")
	}
}
