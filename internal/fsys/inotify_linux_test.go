package fsys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func files(t *testing.T, names ...string) (d Dir, path string) {
	t.Helper()
	path = t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(path, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Real.At(path), path
}

func mustWatch(t *testing.T, d Dir, name string) *Watching {
	t.Helper()
	w, err := Watch(d, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

func mustTell(t *testing.T, w *Watching, of string) {
	t.Helper()
	select {
	case <-w.C():
	case <-time.After(time.Minute):
		t.Fatalf("%s: nobody was woken", of)
	}
}

// drain takes the wake-up that is there, if there is one.
func drain(w *Watching) {
	select {
	case <-w.C():
	default:
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// The queue of the kernel is filled while nobody reads it, so that what happens
// to the file itself is lost.
func TestAnOverflowWakesEverybody(t *testing.T) {
	limit, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events")
	if err != nil {
		t.Skip(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(limit)))
	if err != nil || n > 100_000 {
		t.Skipf("the queue has room for %s events", limit)
	}
	d, path := files(t, "a", "b", "c")
	mustWatch(t, d, "a")
	mustWatch(t, d, "b")
	c := mustWatch(t, d, "c")
	func() {
		watches.Lock() // the reader has read no more than one buffer when it waits for this
		defer watches.Unlock()
		drain(c)
		now := []unix.Timespec{{Sec: 1}, {Sec: 2}}
		for range (n + 2*eventBuffer/unix.SizeofInotifyEvent) / 2 {
			for _, name := range []string{"a", "b"} { // equal events in a row become one
				if err := unix.UtimesNanoAt(unix.AT_FDCWD, filepath.Join(path, name), now, 0); err != nil {
					t.Fatal(err)
				}
			}
		}
		remove(t, filepath.Join(path, "c"))
	}()
	mustTell(t, c, "a removal that the kernel did not report")
}

// A watch is shared with somebody who gives it up while Watch is under way.
func TestAWatchThatIsGivenUpWhileItIsBeingSharedIsTold(t *testing.T) {
	d, path := files(t, "a")
	first := mustWatch(t, d, "a")
	n, since, err := join()
	if err != nil {
		t.Fatal(err)
	}
	wd, err := n.add(filepath.Join(path, "a"))
	first.Close()
	w, err := n.joined(wd, since, err)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	mustTell(t, w, "the end of its watch")
	again := mustWatch(t, d, "a")
	remove(t, filepath.Join(path, "a"))
	mustTell(t, again, "remove")
}

func TestAWatchThatFailsLeavesNothing(t *testing.T) {
	d, _ := files(t, "keep")
	mustWatch(t, d, "keep")
	if _, err := Watch(d, "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	watches.Lock()
	defer watches.Unlock()
	if n := watches.now; n.users != 1 || len(n.of) != 1 {
		t.Errorf("left: %+v", n)
	}
}

// The file is gone before its watch is known to anybody: another may have taken
// the name, and the look that follows Watch would see that one.
func TestARemovalDuringWatchIsTold(t *testing.T) {
	d, path := files(t, "a", "b")
	b := mustWatch(t, d, "b")
	n, since, err := join()
	if err != nil {
		t.Fatal(err)
	}
	wd, err := n.add(filepath.Join(path, "a"))
	if err != nil {
		t.Fatal(err)
	}
	remove(t, filepath.Join(path, "a"))
	for range 2 { // one wake-up may be of before
		if err := os.Chmod(filepath.Join(path, "b"), 0o600); err != nil {
			t.Fatal(err)
		}
		mustTell(t, b, "chmod") // which came after all events of a
	}
	w, err := n.joined(wd, since, nil)
	if err != nil {
		t.Fatal(err)
	}
	mustTell(t, w, "a removal during Watch")
	w.Close()
	remove(t, filepath.Join(path, "b"))
	mustTell(t, b, "remove")
}

func TestABrokenInstanceIsReplaced(t *testing.T) {
	d, path := files(t, "a", "b")
	a := mustWatch(t, d, "a")
	under, since, err := join()
	if err != nil {
		t.Fatal(err)
	}
	wd, err := under.add(filepath.Join(path, "b"))
	if err != nil {
		t.Fatal(err)
	}
	under.close() // under those who use it
	mustTell(t, a, "the end of its instance")
	late, err := under.joined(wd, since, nil)
	if err != nil {
		t.Fatal(err)
	}
	mustTell(t, late, "the end of its instance")
	again := mustWatch(t, d, "a")
	func() {
		watches.Lock()
		defer watches.Unlock()
		drain(again)
	}()
	a.Close()
	late.Close()
	remove(t, filepath.Join(path, "a"))
	mustTell(t, again, "remove")
}
