package fsys_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/internal/fsys"
)

func init() {
	// remove PATH: as anybody might.
	roles["remove"] = func(args []string) error { return os.Remove(args[0]) }
}

func watch(t *testing.T, d fsys.Dir, name string) *fsys.Watching {
	t.Helper()
	w, err := fsys.Watch(d, name)
	must(t, err)
	t.Cleanup(w.Close)
	return w
}

// told waits for a wake-up that has to come.
func told(t *testing.T, w *fsys.Watching, of string) {
	t.Helper()
	select {
	case <-w.C():
	case <-time.After(time.Minute):
		t.Fatalf("%s: nobody was woken", of)
	}
}

// settle returns when w was told of all that happened before. The kernel keeps
// the order of events, so what comes before that of another file is here when
// that is. It is done twice because Watch itself may leave a wake-up, once.
func settle(t *testing.T, w *fsys.Watching) (woken bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other")
	touch(t, path)
	other := watch(t, at(path), "other")
	for range 2 {
		touch(t, path)
		told(t, other, "a write to another file")
	}
	other.Close()
	select {
	case <-w.C():
		return true
	default:
		return false
	}
}

// watchSettled leaves no wake-up for what happened before.
func watchSettled(t *testing.T, d fsys.Dir, name string) *fsys.Watching {
	t.Helper()
	w := watch(t, d, name)
	settle(t, w)
	return w
}

func silent(t *testing.T, w *fsys.Watching, of string) {
	t.Helper()
	if settle(t, w) {
		t.Errorf("%s: woken", of)
	}
}

func touch(t *testing.T, path string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte("x"), 0o644))
}

// inotifies are the inotify instances of this process, each with the number of
// files that it watches.
func inotifies(t *testing.T) (watching []int) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	for _, fd := range fds {
		if of, err := os.Readlink("/proc/self/fd/" + fd.Name()); err != nil || !strings.HasSuffix(of, "inotify") {
			continue
		}
		info, err := os.ReadFile("/proc/self/fdinfo/" + fd.Name())
		if errors.Is(err, fs.ErrNotExist) {
			continue // closed by now
		}
		must(t, err)
		watching = append(watching, strings.Count(string(info), "inotify wd:"))
	}
	return watching
}

// watchedFiles is how many files the kernel watches for this process.
func watchedFiles(t *testing.T) (n int) {
	t.Helper()
	for _, i := range inotifies(t) {
		n += i
	}
	return n
}

// happenings are what somebody who waits for path to go wants to hear of.
var happenings = map[string]func(path string) error{
	"remove": os.Remove,
	"rename": func(path string) error { return os.Rename(path, path+".gone") },
	"replace": func(path string) error {
		return errors.Join(os.WriteFile(path+".new", nil, 0o644), os.Rename(path+".new", path))
	},
	"write":     func(path string) error { return os.WriteFile(path, []byte("more"), 0o644) },
	"truncate":  func(path string) error { return os.Truncate(path, 1000) },
	"touch":     func(path string) error { return os.Chtimes(path, time.Unix(1, 0), time.Unix(2, 0)) },
	"chmod":     func(path string) error { return os.Chmod(path, 0o600) },
	"link":      func(path string) error { return os.Link(path, path+".too") },
	"unlink it": func(path string) error { return unix.Unlink(path) },
}

func TestWatchTellsWhatHappensToTheFile(t *testing.T) {
	eachDir(t, func(t *testing.T, d fsys.Dir, path string) {
		for of, do := range happenings {
			touch(t, filepath.Join(path, of))
			w := watchSettled(t, d, of)
			must(t, do(filepath.Join(path, of)))
			told(t, w, of)

			// The same while somebody has it open: then a removal is no deletion.
			open := of + " while open"
			touch(t, filepath.Join(path, open))
			f, err := os.OpenFile(filepath.Join(path, open), os.O_RDWR, 0)
			must(t, err)
			w = watchSettled(t, d, open)
			must(t, do(filepath.Join(path, open)))
			told(t, w, open)
			closing(t, f)
		}
	})
}

func TestWatchInADirectoryOpenedForSearchOnly(t *testing.T) {
	path := t.TempDir()
	touch(t, filepath.Join(path, "a"))
	d, err := fsys.Real.At(path).OpenDir(".")
	must(t, err)
	must(t, os.Rename(path, path+".moved")) // whatever its path is by now
	defer func() { must(t, os.Rename(path+".moved", path)) }()
	w := watch(t, d, "a")
	closing(t, d)
	must(t, os.Remove(filepath.Join(path+".moved", "a")))
	told(t, w, "remove")
}

func TestWatchInTheWorkingDirectory(t *testing.T) {
	path := t.TempDir()
	t.Chdir(path)
	touch(t, "a")
	w := watch(t, fsys.Real.At(""), "a")
	must(t, os.Remove("a"))
	told(t, w, "remove")
}

func TestReadingAndLockingIsNothingToTell(t *testing.T) {
	path := t.TempDir()
	touch(t, filepath.Join(path, "a"))
	w := watchSettled(t, fsys.Real.At(path), "a")
	f := open(t, fsys.Real.At(path), "a", fsys.OpenRead)
	must(t, f.TryLock(fsys.Shared))
	if fsys.LocksBelongToFile { // fcntl's takes a file that is open for writing
		must(t, f.TryLock(fsys.Exclusive))
	}
	_, err := f.Read(100)
	must(t, err)
	closing(t, f)
	silent(t, w, "who only looks")
}

func TestWatchTellsWhatAnotherProcessDoes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	touch(t, path)
	w := watchSettled(t, at(path), "a")
	must(t, roleCommand("remove", path).Run())
	told(t, w, "removal by another process")
}

func TestWatchTellsThatAnOwnerWasKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	touch(t, path)
	owner := roleCommand("hold", path, "exclusive")
	start(t, owner)
	w := watchSettled(t, at(path), "a")
	must(t, owner.Process.Kill())
	told(t, w, "death of the one who had it open")
}

func TestALinkIsWatchedItself(t *testing.T) {
	path := t.TempDir()
	touch(t, filepath.Join(path, "target"))
	must(t, os.Symlink("target", filepath.Join(path, "link")))
	w := watchSettled(t, fsys.Real.At(path), "link")
	must(t, os.Remove(filepath.Join(path, "target")))
	silent(t, w, "removal of what a link points to")
	must(t, os.Remove(filepath.Join(path, "link")))
	told(t, w, "removal of the link")
}

func TestWhatIsNotAFileIsWatchedWithoutOpeningIt(t *testing.T) {
	path := t.TempDir()
	for name := range hostile(t, path) {
		w := watch(t, fsys.Real.At(path), name)
		must(t, os.Rename(filepath.Join(path, name), filepath.Join(path, name+".gone")))
		told(t, w, "rename of "+name)
	}
}

func TestManyWatchersOfAFileAreAllTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	touch(t, path)
	before := watchedFiles(t)
	var stay, leave []*fsys.Watching
	for range 100 {
		stay = append(stay, watch(t, at(path), "a"))
		leave = append(leave, watch(t, at(path), "a"))
	}
	if n := watchedFiles(t) - before; n != 1 {
		t.Errorf("the kernel watches %d files, want one for all", n)
	}
	for _, w := range leave {
		w.Close()
	}
	must(t, os.Remove(path))
	for _, w := range stay {
		told(t, w, "remove")
	}
	for _, w := range leave {
		select {
		case <-w.C():
			t.Error("woken after Close")
		default:
		}
	}
}

func TestWakeUpsAreNotCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	touch(t, path)
	w := watchSettled(t, at(path), "a")
	for range 10 {
		must(t, os.Chmod(path, 0o600))
		must(t, os.Truncate(path, 10))
	}
	if !settle(t, w) {
		t.Error("twenty changes: nobody was woken")
	}
	silent(t, w, "the same again")
}

func TestTheKernelForgetsWhatNobodyWatches(t *testing.T) {
	path := t.TempDir()
	for _, name := range []string{"a", "b", "keep"} {
		touch(t, filepath.Join(path, name))
	}
	d := fsys.Real.At(path)
	watch(t, d, "keep")
	before := watchedFiles(t)
	a1, a2, b := watch(t, d, "a"), watch(t, d, "a"), watch(t, d, "b")
	for _, step := range []struct {
		do   func()
		left int
	}{{a1.Close, 2}, {a1.Close, 2}, {b.Close, 1}, {a2.Close, 0}, {b.Close, 0}} {
		step.do()
		if n := watchedFiles(t) - before; n != step.left {
			t.Errorf("%d files are watched, want %d", n, step.left)
		}
	}
}

func TestTheEndOfAFileIsNotTheEndOfTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	for range 50 { // the inode number may be the same each time
		touch(t, path)
		w := watch(t, at(path), "a")
		must(t, os.Remove(path))
		touch(t, path)
		next := watch(t, at(path), "a")
		told(t, w, "remove")
		w.Close()
		settle(t, next)
		must(t, os.Remove(path))
		told(t, next, "remove")
		next.Close()
	}
}

func TestCloseWhileEventsArrive(t *testing.T) {
	path := t.TempDir()
	names := []string{"a", "b", "c"}
	stop := make(chan struct{})
	var events, watchers sync.WaitGroup
	for _, name := range names {
		events.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				touch := filepath.Join(path, name)
				_ = os.WriteFile(touch, nil, 0o644)
				_ = os.Remove(touch)
			}
		})
	}
	for i := range 30 {
		watchers.Go(func() {
			for range 100 {
				w, err := fsys.Watch(fsys.Real.At(path), names[i%len(names)])
				if errors.Is(err, fs.ErrNotExist) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if i%2 == 0 {
					<-w.C() // the file is removed: so this comes
				}
				var closers sync.WaitGroup
				for range 2 {
					closers.Go(w.Close)
				}
				closers.Wait()
			}
		})
	}
	watchers.Wait()
	close(stop)
	events.Wait()
}

func TestNoThreadWaitsForEvents(t *testing.T) {
	path := t.TempDir()
	before := threads(t)
	for i := range 100 {
		name := string(rune('a'+i%26)) + string(rune('a'+i/26))
		touch(t, filepath.Join(path, name))
		watch(t, fsys.Real.At(path), name)
	}
	if now := threads(t); now > before+50 {
		t.Errorf("%d threads, %d before", now, before)
	}
}

func threads(t *testing.T) int {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	must(t, err)
	return len(tasks)
}
