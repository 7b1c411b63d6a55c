package reaper_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// Whatever happened to the path since it was judged: what is removed is what
// was judged, and nothing else.
func TestRemoveOfWhatWasNotJudged(t *testing.T) {
	dead := ended(t)
	for name, change := range map[string]func(t *testing.T, path string){
		"gone":               func(t *testing.T, path string) { must(t, os.Remove(path)) },
		"another record":     func(t *testing.T, path string) { write(t, path, encode(t, recordOf(dead))) },
		"one byte more":      func(t *testing.T, path string) { appendTo(t, path, " ") },
		"shorter":            func(t *testing.T, path string) { must(t, os.Truncate(path, 40)) },
		"empty":              func(t *testing.T, path string) { must(t, os.Truncate(path, 0)) },
		"taken meanwhile":    func(t *testing.T, path string) { retake(t, path, false) },
		"taken and released": func(t *testing.T, path string) { retake(t, path, true) },
		"replaced by a directory": func(t *testing.T, path string) {
			must(t, os.Remove(path))
			must(t, os.Mkdir(path, 0o755))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := tempLock(t)
			write(t, path, encode(t, recordOf(dead)))
			r, dir := reaper.In(host.Real), fsys.Real.At(filepath.Dir(path))
			st, err := r.Examine(dir, filepath.Base(path), true)
			must(t, err)
			if st.State != reaper.Stale {
				t.Fatalf("judged %s by %s", st.Verdict, st.Rule)
			}
			change(t, path)
			before := snapshot(t, filepath.Dir(path))
			if err := r.Remove(dir, filepath.Base(path), st); !errors.Is(err, reaper.ErrChanged) && !errors.Is(err, fsys.ErrLocked) {
				t.Errorf("removed with %v, want ErrChanged", err)
			}
			if after := snapshot(t, filepath.Dir(path)); after != before {
				t.Errorf("it is not as it was:\n%s\nbefore:\n%s", after, before)
			}
		})
	}
	t.Run("an unfinished file, another one meanwhile", func(t *testing.T) {
		path := tempLock(t)
		write(t, path, nil)
		r, dir := reaper.In(host.Real), fsys.Real.At(filepath.Dir(path))
		st, err := r.Examine(dir, filepath.Base(path), true)
		must(t, err)
		write(t, path+".other", nil) // while the first exists, so its inode is another
		must(t, os.Rename(path+".other", path))
		if err := r.Remove(dir, filepath.Base(path), st); !errors.Is(err, reaper.ErrChanged) {
			t.Errorf("removed with %v, want ErrChanged", err)
		}
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("a file is gone that was not judged: %v", err)
		}
	})
	t.Run("an unfinished file, finished meanwhile", func(t *testing.T) {
		path := tempLock(t)
		write(t, path, nil)
		r, dir := reaper.In(host.Real), fsys.Real.At(filepath.Dir(path))
		st, err := r.Examine(dir, filepath.Base(path), true)
		must(t, err)
		write(t, path, encode(t, recordOf(dead)))
		if err := r.Remove(dir, filepath.Base(path), st); !errors.Is(err, reaper.ErrChanged) {
			t.Errorf("removed with %v, want ErrChanged", err)
		}
	})
}

func appendTo(t *testing.T, path, s string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteString(s)
	must(t, errors.Join(err, f.Close()))
}

// retake: another process breaks the lock and has it, or has had it.
func retake(t *testing.T, path string, again bool) {
	t.Helper()
	p := start(t)
	hold(t, p, "soft", path)
	if again {
		obeys(t, p, "release", path)
		hold(t, p, "soft", path)
	}
}

// A hard lock's holder writes its record over the one before it, in place. At
// each step of that a soft lock's contender sees a lock that is held.
func TestAContenderMeetsAHardLockBeingTaken(t *testing.T) {
	long := recordOf(ended(t))
	long.Kind, long.Note = meta.KindFile, strings.Repeat("long ", 100)
	path := tempLock(t)
	for calls := 0; ; calls++ {
		write(t, path, encode(t, long))
		p := newPlayer()
		l := lock.NewFile(path, lock.InHost(p.host))
		p.play(func() {
			if err := l.TryLock(); err != nil {
				t.Errorf("the hard lock: %v", err)
			}
		})
		p.step(calls)
		at, over := p.call, p.over
		r := self().order(t, "inspect", path)
		if r.State == "held" {
			if r := self().order(t, "try", "soft", path); !r.is("ErrHeld") {
				t.Errorf("while the holder is before its %s (call %d): %q, want ErrHeld", at, calls+1, r.Err)
			}
		}
		p.finish()
		must(t, l.ForceUnlock())
		if over {
			break
		}
		must(t, os.Remove(path)) // and on with a file of its own
	}
}

// Lock, reaper and kernel mean the same file by the same path.
func TestAPathWithDotsBehindASymlinkMeansWhatTheKernelMeans(t *testing.T) {
	dir := filepath.Dir(tempLock(t))
	must(t, os.MkdirAll(filepath.Join(dir, "a", "b"), 0o755))
	if err := symlink(filepath.Join("a", "b"), filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	sep := string(os.PathSeparator)
	path := dir + sep + "link" + sep + ".." + sep + "job.lock"
	write(t, path, nil)
	if _, err := os.Lstat(filepath.Join(dir, "a", "job.lock")); err != nil {
		t.Skip("this system takes the dots off first")
	}
	must(t, os.Remove(path))
	token := grant(t, self(), path)
	if r := self().order(t, "inspect", path); r.State != "held" {
		t.Errorf("granted, and inspect sees it %s %s", r.State, r.Err)
	}
	if err := lock.Revoke(t.Context(), path, token); err != nil {
		t.Errorf("revoke: %v", err)
	}
}
