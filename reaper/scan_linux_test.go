package reaper_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/reaper"
)

func TestAScanFollowsNoSymlink(t *testing.T) {
	dir, outside := filepath.Dir(tempLock(t)), filepath.Dir(tempLock(t))
	b := encode(t, recordOf(ended(t)))
	write(t, filepath.Join(outside, "out.lock"), b)
	write(t, filepath.Join(dir, "in.lock"), b)
	must(t, os.Symlink(outside, filepath.Join(dir, "dirlink")))
	must(t, os.Symlink(dir, filepath.Join(dir, "loop")))
	must(t, os.Symlink("in.lock", filepath.Join(dir, "filelink")))
	must(t, os.Symlink("nowhere", filepath.Join(dir, "dangling")))
	must(t, unix.Mkfifo(filepath.Join(dir, "fifo"), 0o666))
	wantFound(t, dir, reaper.Options{}, "in.lock")
	for out := range reaper.Reap(t.Context(), dir, reaper.Options{}) {
		if out.Action != reaper.Broken {
			t.Errorf("%s: %s %v", out.Path, out.Action, out.Err)
		}
	}
	if _, err := os.Lstat(filepath.Join(outside, "out.lock")); err != nil {
		t.Errorf("outside the tree: %v", err)
	}
	// The root was named by the caller: a link to it is meant.
	write(t, filepath.Join(dir, "in.lock"), b)
	link := filepath.Join(outside, "root")
	must(t, os.Symlink(dir, link))
	if found, errs := scan(t, link, reaper.Options{}); len(found) != 1 || len(errs) != 0 {
		t.Errorf("through a link to the root: %q, %v", found, errs)
	}
	for out := range reaper.Reap(t.Context(), link, reaper.Options{}) {
		if out.Action != reaper.Broken {
			t.Errorf("reap through a link to the root: %s %v", out.Action, out.Err)
		}
	}
	wantFound(t, dir, reaper.Options{})
}

// A directory that is replaced by a symbolic link while it is being scanned
// leads nowhere else: neither the scan nor the reap leaves the tree.
func TestADirectoryReplacedByALinkLeadsNowhere(t *testing.T) {
	dir, outside := filepath.Dir(tempLock(t)), filepath.Dir(tempLock(t))
	b := encode(t, recordOf(ended(t)))
	must(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
	for _, name := range []string{"one", "two", "three"} {
		write(t, filepath.Join(dir, "sub", name), b)
		write(t, filepath.Join(outside, name), b)
	}
	swapped := false
	for out := range reaper.Reap(t.Context(), dir, reaper.Options{}) {
		if out.Action != reaper.Broken {
			t.Errorf("%s: %s %v", out.Path, out.Action, out.Err)
		}
		if !swapped {
			swapped = true
			must(t, os.Rename(filepath.Join(dir, "sub"), filepath.Join(filepath.Dir(dir), "away")))
			must(t, os.Symlink(outside, filepath.Join(dir, "sub")))
		}
	}
	names(t, outside, "one", "three", "two")
	names(t, filepath.Join(filepath.Dir(dir), "away"))
}

// The same in the instant between the listing and the opening of the name.
func TestANameReplacedBeforeItIsOpenedLeadsNowhere(t *testing.T) {
	b := encode(t, recordOf(ended(t)))
	for _, c := range []struct {
		call string
		put  func(t *testing.T, inside, outside string)
	}{
		{"opendir", func(t *testing.T, inside, outside string) {
			must(t, os.Mkdir(inside, 0o755))
			write(t, filepath.Join(inside, "dead"), b)
			must(t, os.Mkdir(outside, 0o755))
			write(t, filepath.Join(outside, "dead"), b)
		}},
		{"open", func(t *testing.T, inside, outside string) {
			write(t, inside, b)
			write(t, outside, b)
		}},
	} {
		t.Run(c.call, func(t *testing.T) {
			dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "outside")
			inside := filepath.Join(dir, "name")
			c.put(t, inside, outside)
			before := snapshot(t, outside)
			// At every call of that name in turn.
			for at := 1; ; at++ {
				p := newPlayer()
				var outcomes []reaper.Outcome
				p.play(func() {
					for out := range reaper.In(p.host).Reap(context.Background(), dir, reaper.Options{}) {
						outcomes = append(outcomes, out)
					}
				})
				for n := 0; !p.over; p.step(1) {
					if p.call == c.call {
						n++
					}
					if n == at {
						break
					}
				}
				if p.over {
					break
				}
				must(t, os.Rename(inside, inside+".away"))
				must(t, os.Symlink(outside, inside))
				p.finish()
				for _, out := range outcomes {
					if out.Err != nil {
						t.Errorf("%s: %s %v", out.Path, out.Action, out.Err)
					}
				}
				if after := snapshot(t, outside); after != before {
					t.Fatalf("outside the tree it is not as it was:\n%s\nbefore:\n%s", after, before)
				}
				must(t, os.RemoveAll(inside))
				must(t, os.RemoveAll(inside+".away"))
				must(t, os.RemoveAll(outside))
				c.put(t, inside, outside)
				before = snapshot(t, outside)
			}
		})
	}
}

func TestAScanStaysOnItsFilesystem(t *testing.T) {
	a := within(t, 0)
	dir := publicDir(t, 0o755)
	b := encode(t, recordOf(ended(t)))
	write(t, filepath.Join(dir, "here"), b)
	must(t, os.Mkdir(filepath.Join(dir, "mnt"), 0o755))
	obeys(t, a, "mount", "tmpfs", filepath.Join(dir, "mnt"), "tmpfs", "mode=0755")
	p := another(t, a, 0)
	hold(t, p, "soft", filepath.Join(dir, "mnt", "there"))
	p.end(t)
	if r := obeys(t, a, "scan", dir, ""); r.Text != filepath.Join(dir, "here") {
		t.Errorf("found %q", r.Text)
	}
	if r := obeys(t, a, "scan", dir, "cross"); r.Text != filepath.Join(dir, "here")+" "+filepath.Join(dir, "mnt", "there") {
		t.Errorf("across filesystems: found %q", r.Text)
	}
}

func TestAScanGoesOnAfterWhatItCannotRead(t *testing.T) {
	nobody := unprivileged(t)
	dir := publicDir(t, 0o777)
	b := encode(t, recordOf(ended(t)))
	for _, name := range []string{"a", "b", "closed/c", "open/d", "unreadable"} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		write(t, filepath.Join(dir, name), b)
	}
	must(t, os.Chmod(filepath.Join(dir, "closed"), 0))
	must(t, os.Chmod(filepath.Join(dir, "unreadable"), 0))
	defer leavesNothing(t, nobody)()
	r := obeys(t, nobody, "scan", dir, "")
	if want := strings.Join([]string{filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "open/d")}, " "); r.Text != want {
		t.Errorf("found %q, want %q", r.Text, want)
	}
	if want := []string{"permission " + filepath.Join(dir, "closed"), "permission " + filepath.Join(dir, "unreadable")}; !slices.Equal(r.Evidence, want) {
		t.Errorf("errors %q, want %q", r.Evidence, want)
	}
}

func TestScanOfHostileNames(t *testing.T) {
	dir := filepath.Dir(tempLock(t))
	b := encode(t, recordOf(ended(t)))
	hostile := []string{"new\nline", "\xff\xfe\xfd", "\x1b[2J", " ", "-rf", "a\\b", "*", "..."}
	for _, name := range hostile {
		write(t, filepath.Join(dir, name), b)
		must(t, os.Mkdir(filepath.Join(dir, name+".d"), 0o755))
		write(t, filepath.Join(dir, name+".d", "x"), b)
	}
	var want []string
	for _, name := range hostile {
		want = append(want, name, name+".d/x")
	}
	wantFound(t, dir, reaper.Options{}, want...)
	for out := range reaper.Reap(t.Context(), dir, reaper.Options{}) {
		if out.Action != reaper.Broken {
			t.Errorf("%q: %s %v", out.Path, out.Action, out.Err)
		}
	}
	wantFound(t, dir, reaper.Options{})
}

// The path of the deepest lock is longer than any path that the kernel takes.
func TestADeepTreeIsScannedAndReaped(t *testing.T) {
	const levels = 200
	dir, name := filepath.Dir(tempLock(t)), strings.Repeat("d", 60)
	b := encode(t, recordOf(ended(t)))
	at, err := unix.Open(dir, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	must(t, err)
	for range levels {
		must(t, unix.Mkdirat(at, name, 0o755))
		below, err := unix.Openat(at, name, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		must(t, err)
		must(t, unix.Close(at))
		at = below
		fd, err := unix.Openat(at, "lock", unix.O_CREAT|unix.O_WRONLY|unix.O_CLOEXEC, 0o644)
		must(t, err)
		_, err = unix.Write(fd, b)
		must(t, err)
		must(t, unix.Close(fd))
	}
	must(t, unix.Close(at))
	defer leavesNothing(t, self())()
	if found, errs := scan(t, dir, reaper.Options{}); len(found) != levels || len(errs) != 0 {
		t.Errorf("found %d locks, want %d; errors %v", len(found), levels, errs)
	}
	broken := 0
	for out := range reaper.Reap(t.Context(), dir, reaper.Options{}) {
		if out.Action == reaper.Broken {
			broken++
		}
	}
	if broken != levels {
		t.Errorf("reaped %d locks, want %d", broken, levels)
	}
}

func init() {
	// scan DIR CROSS: Text is what was found, Evidence what failed.
	deeds["scan"] = func(_ *scene, args []string) (a answer, _ error) {
		var found []string
		for st, err := range reaper.Scan(context.Background(), args[0], reaper.Options{Cross: args[1] == "cross"}) {
			switch {
			case errors.Is(err, fs.ErrPermission):
				a.Evidence = append(a.Evidence, "permission "+st.Path)
			case err != nil:
				a.Evidence = append(a.Evidence, err.Error())
			default:
				found = append(found, st.Path)
			}
		}
		slices.Sort(found)
		slices.Sort(a.Evidence)
		a.Text = strings.Join(found, " ")
		return a, nil
	}
}
