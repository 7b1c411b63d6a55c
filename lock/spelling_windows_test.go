package lock_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/lock"
)

// short is the name with at most eight letters before the dot, if there is one.
func short(t *testing.T, path string) string {
	t.Helper()
	long, err := windows.UTF16PtrFromString(path)
	must(t, err)
	b := make([]uint16, windows.MAX_LONG_PATH)
	if _, err := windows.GetShortPathName(long, &b[0], uint32(len(b))); err != nil {
		t.Fatal(err)
	}
	return windows.UTF16ToString(b)
}

// spellings are other ways to name the file at path.
func spellings(t *testing.T, path string) map[string]string {
	t.Helper()
	dir, name := filepath.Split(path)
	wd, err := os.Getwd()
	must(t, err)
	all := map[string]string{
		"other case":            dir + strings.ToUpper(name),
		"directory in capitals": strings.ToUpper(dir) + name,
		"slashes":               filepath.ToSlash(path),
		"verbatim":              `\\?\` + path,
		"verbatim, other case":  `\\?\` + strings.ToUpper(path),
		"rooted":                path[len(filepath.VolumeName(path)):],
		"short directory":       short(t, filepath.Dir(path)) + `\` + name,
	}
	if strings.EqualFold(filepath.VolumeName(wd), filepath.VolumeName(path)) {
		all["of the drive's directory"] = filepath.VolumeName(path) + name // "C:job.lock"
	} else {
		delete(all, "rooted") // of the drive of the working directory
	}
	return all
}

// Whatever a file is called by, it is one lock, in one process and between two,
// who waits is woken, and nothing is left.
func TestOneLockByOtherSpellings(t *testing.T) {
	for _, kind := range orderly {
		dir := filepath.Join(t.TempDir(), "a directory with a long name")
		must(t, os.Mkdir(dir, 0o755))
		path := filepath.Join(dir, "a lock with a long name.lock")
		t.Chdir(dir)
		owner := newLocker(kind, path)
		must(t, owner.Lock(bg))
		all := spellings(t, path)
		must(t, owner.Unlock())
		p := start(t, "turns", kind)
		for name, spelling := range all {
			t.Run(kind+", "+name, func(t *testing.T) {
				one, other := newLocker(kind, path).(locker), newLocker(kind, spelling).(locker)
				defer one.ForceUnlock()
				defer other.ForceUnlock()
				if !filepath.IsAbs(other.Path()) || strings.Contains(other.Path(), "/") {
					t.Errorf("Path is %q", other.Path())
				}
				must(t, one.Lock(bg))
				if err := other.TryLock(); !errors.Is(err, lock.ErrHeld) {
					t.Fatalf("two owners by %q: %v", spelling, err)
				}
				done := waits(t, other, other.Path())
				must(t, one.Unlock())
				must(t, <-done)
				if err := one.TryLock(); !errors.Is(err, lock.ErrHeld) {
					t.Fatalf("two owners by %q: %v", spelling, err)
				}
				done = waits(t, one, path)
				must(t, other.Unlock())
				must(t, <-done)
				must(t, one.Unlock())

				p.say(t, other.Path())
				p.says(t, "got")
				done = waits(t, one, path)
				p.say(t, "let go")
				p.says(t, "out")
				must(t, <-done)
				must(t, one.Unlock())
				must(t, lock.AtRest(path))
				must(t, lock.AtRest(other.Path()))
			})
		}
		alone(t, path, map[string][]string{"file": {filepath.Base(path)}}[kind]...)
		if kind == "file" { // the next is to see nothing of it
			must(t, os.Remove(path))
		}
	}
}

// A path is absolute from the moment the handle is made, however it began.
func TestAPathThatDependsOnTheDriveIsAbsolute(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	drive := filepath.VolumeName(dir)
	for path, want := range map[string]string{
		drive + "x.lock":        dir + `\x.lock`,
		drive + `sub\..\x.lock`: dir + `\` + drive + `sub\..\x.lock`,
		`\x.lock`:               drive + `\x.lock`,
		"/x.lock":               drive + `\x.lock`,
		"./x.lock":              dir + `\x.lock`,
		drive + "/x//y.lock":    drive + `\x\y.lock`,
	} {
		if emulation.Wine() && path == "/x.lock" {
			continue // a path of the system below it
		}
		if got := lock.NewSoft(path).Path(); got != want {
			t.Errorf("%q: Path is %q, want %q", path, got, want)
		}
	}
}

// While the file is not there, what is made under its short name is another. And
// side files are no locks, in capitals either.
func TestTheNamesOfOtherFilesAreRefused(t *testing.T) {
	dir := t.TempDir()
	for _, kind := range orderly {
		if err := newLocker(kind, dir+`\ALOCKW~1.LOC`).TryLock(); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s: %v, want fs.ErrInvalid", kind, err)
		}
	}
	for _, side := range []string{".x.GATE", ".x.1.Guard", ".x.Fence"} { // are x's
		if err := lock.NewSoft(filepath.Join(dir, side)).TryLock(); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s: %v, want fs.ErrInvalid", side, err)
		}
	}
	alone(t, filepath.Join(dir, "x"))
	takes(t, lock.NewSoft(filepath.Join(dir, "a~1.lock")))
}
