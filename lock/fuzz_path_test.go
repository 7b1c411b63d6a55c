//go:build unix

package lock_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/filelock-go/filelock/lock"
)

// FuzzPath: whatever string is a path, it is the lock of the file that it names
// and of no other, or an error that changes nothing.
func FuzzPath(f *testing.F) {
	for _, path := range []string{
		"", ".", "..", "/", "x.lock", "./x.lock", "sub/x.lock", "sub//x.lock", "sub/../x.lock", "link/x.lock", "link/../x.lock", "none/x.lock", "data", "data/x.lock",
		"held.lock", "dead.lock", "sub", "..0/", "link", "dangling", "x\x00y", "x\n", "x\xff", " ", "-n", "~", ".x.lock.1.guard", ".x.gate", ".guard", "..guard", "x.lock/", "sub/.",
		strings.Repeat("x", 240), strings.Repeat("x", 241), strings.Repeat("é", 120), strings.Repeat("sub/../", 3) + "x", strings.Repeat("x/", 2100),
	} {
		f.Add(path, false)
		f.Add(path, true)
	}
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, path string, absolute bool) {
		// Each step up leaves one directory, so three stay below root.
		if stepsUp(path) > 3 || !absolute && strings.HasPrefix(path, "/") {
			t.Skip("it could lead out of the test's directory")
		}
		here := landscape(t, root)
		if t.Chdir(here); absolute {
			path = here + "/" + path
		}
		held := lock.NewSoft(here + "/held.lock")
		must(t, held.TryLock())
		defer func() { must(t, held.Unlock()) }()
		before := picture(t, root)
		for _, kind := range []string{"soft", "file", "shared"} {
			l := newLocker(kind, path)
			if !filepath.IsAbs(l.Path()) && path != "" && !strings.Contains(path, "\x00") {
				t.Fatalf("%s: Path is %q", kind, l.Path())
			}
			if err := l.TryLock(); err != nil {
				wantPathError(t, path, err)
			} else {
				wantAt(t, kind, path, root, before)
				must(t, l.Unlock())
			}
			wantPicture(t, kind, path, root, before)
		}
		token, err := lock.Grant(bg, path, os.Getpid(), lock.WithTimeout(0))
		if err != nil {
			wantPathError(t, path, err)
		} else {
			wantAt(t, "soft", path, root, before)
			must(t, lock.Revoke(bg, path, token))
		}
		wantPicture(t, "grant", path, root, before)
	})
}

func stepsUp(path string) (n int) {
	for element := range strings.SplitSeq(path, "/") {
		if element == ".." {
			n++
		}
	}
	return n
}

// landscape makes, three directories below root, what a path may meet.
func landscape(t *testing.T, root string) (here string) {
	t.Helper()
	here = root + "/a/b/here"
	if _, err := os.Lstat(here); err == nil {
		return here
	}
	must(t, os.MkdirAll(here+"/sub", 0o755))
	must(t, os.Mkdir(root+"/a/b/there", 0o755))
	must(t, os.Symlink("../there", here+"/link"))
	must(t, os.Symlink("nowhere", here+"/dangling"))
	must(t, os.WriteFile(here+"/data", []byte("not a lock\n"), 0o644))
	must(t, os.WriteFile(here+"/newer.lock", []byte(`{"format":"filelock/2"}`), 0o644))
	must(t, os.WriteFile(here+"/pid.lock", []byte("1\n"), 0o644))
	must(t, os.WriteFile(root+"/data", []byte("outside\n"), 0o644))
	return here
}

// picture is every name below root with what it holds.
func picture(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		what := d.Type().String()
		switch {
		case d.Type().IsRegular():
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			what += fmt.Sprintf(" %q", b)
		case d.Type()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			what += " " + to
		}
		all[path] = what
		return nil
	}))
	return all
}

// wantAt: the lock's file is the one that the path names, and the only one new.
func wantAt(t *testing.T, kind, path, root string, before map[string]string) {
	t.Helper()
	abs := path
	if !filepath.IsAbs(path) {
		wd, err := os.Getwd()
		must(t, err)
		abs = wd + "/" + path
	}
	if stepsUp(path) == 0 { // which behind a link is not what it looks like
		abs = filepath.Clean(abs) // a slash at the end says nothing
	}
	dir, name := filepath.Split(abs)
	dir, err := filepath.EvalSymlinks(dir)
	must(t, err)
	top, err := filepath.EvalSymlinks(root)
	must(t, err)
	at := root + strings.TrimPrefix(filepath.Join(dir, name), top)
	now := picture(t, root)
	if sideFile.MatchString(name) || len(name) > 240 {
		t.Fatalf("%s lock on %q: such names are not for locks", kind, path)
	}
	if now[at] == "" {
		t.Fatalf("%s lock on %q: there is no %q", kind, path, at)
	}
	for p, what := range now {
		if p != at && what != before[p] {
			t.Fatalf("%s lock on %q: %q is %s, was %s", kind, path, p, what, before[p])
		}
	}
	if kind == "soft" && before[at] != "" {
		t.Fatalf("a soft lock on %q, which is %s", path, before[at])
	}
}

// wantPicture: all is as before, but for a hard lock's own file, which stays;
// it is removed.
func wantPicture(t *testing.T, kind, path, root string, before map[string]string) {
	t.Helper()
	now := picture(t, root)
	for p, what := range now {
		switch {
		case before[p] == what:
		case before[p] == "" && (kind == "file" || kind == "shared"):
			must(t, os.Remove(p))
		default:
			t.Fatalf("after a %s lock on %q, %q is %s, was %s", kind, path, p, what, before[p])
		}
	}
	for p, what := range before {
		if now[p] == "" {
			t.Fatalf("after a %s lock on %q, %q is gone, was %s", kind, path, p, what)
		}
	}
}

var sideFile = regexp.MustCompile(`^\..+\.(guard|gate|fence)$`)

// wantPathError: the error is of a documented kind, and of the right one where
// the path alone says so.
func wantPathError(t *testing.T, path string, err error) {
	t.Helper()
	var pe *fs.PathError
	if !errors.As(err, &pe) && !errors.Is(err, lock.ErrHeld) && !errors.Is(err, lock.ErrNotLockFile) {
		t.Fatalf("%q: an error of no documented kind: %v (%T)", path, err, err)
	}
	name := filepath.Base(path)
	var want error
	switch {
	case path == "", strings.Contains(path, "\x00"):
		want = fs.ErrInvalid
	case strings.HasSuffix(path, "/"), name == ".", name == "..":
	case len(name) > 240:
		want = syscall.ENAMETOOLONG
	}
	if want != nil && !errors.Is(err, want) {
		t.Fatalf("%q: %v, want %v", path, err, want)
	}
}
