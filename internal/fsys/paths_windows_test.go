package fsys_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/fsys"
)

// All that is done with a lock, beyond MAX_PATH and by every way to say so.
func TestLongPaths(t *testing.T) {
	long := t.TempDir()
	for len(long) < 400 {
		long = filepath.Join(long, strings.Repeat("d", 40))
	}
	must(t, os.MkdirAll(long, 0o777))
	const name = "a.lock"
	for _, path := range []string{long, `\\?\` + long} {
		abs, err := fsys.Absolute(filepath.Join(path, name))
		must(t, err)
		dir, base := fsys.SplitPath(abs)
		if dir != path || base != name {
			t.Fatalf("%q is %q in %q", abs, base, dir)
		}
		at := fsys.Real.At(dir)
		opened, err := fsys.Real.OpenDir(dir)
		must(t, err)
		for _, d := range []fsys.Dir{at, opened} {
			f := create(t, d, name)
			must(t, f.TryLock(fsys.Exclusive))
			must(t, f.Write([]byte("x")))
			g := open(t, fsys.Real.At(long), name, fsys.OpenRead)
			wantErr(t, g.TryLock(fsys.Shared), fsys.ErrLocked)
			closing(t, g)
			info, err := f.Info()
			must(t, err)
			if named, err := fsys.Names(d, name, info.ID); !named || err != nil {
				t.Errorf("%q: it is named: %t, %v", dir, named, err)
			}
			class, err := d.Class()
			must(t, err)
			ofFile, err := f.Class()
			must(t, err)
			if class != ofFile || !class.Local && !emulation.Wine() { // whose GetFinalPathNameByHandle ends at MAX_PATH
				t.Errorf("%q is of class %+v, the file in it %+v", dir, class, ofFile)
			}
			must(t, d.Rename(name, "b.lock"))
			must(t, d.Rename("b.lock", name))
			must(t, d.Unlink(name))
			closing(t, f)
		}
		closing(t, create(t, at, name))
		var names []string
		must(t, opened.List(func(e fsys.Entry) bool { names = append(names, e.Name); return true }))
		if len(names) != 1 || names[0] != name {
			t.Errorf("%q has %q", dir, names)
		}
		closing(t, opened)
		must(t, at.Unlink(name))
		if _, err := fsys.MountOf(dir); err != nil {
			t.Error(err)
		}
	}
}

// Nothing is made, here or elsewhere, under a name that Windows takes for
// another or for a device.
func TestNamesThatWindowsTakesForOthersMakeNothing(t *testing.T) {
	dir := t.TempDir()
	opened, err := fsys.Real.OpenDir(dir)
	must(t, err)
	defer opened.Close()
	for _, name := range []string{"CON", "nul", "COM1", "aux.lock", "prn.tar.gz", "a.lock.", "a.lock ", "a.lock::$DATA", "a:b", "a?", "a*", "a|b"} {
		path := dir + `\` + name
		if abs, err := fsys.Absolute(path); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q is %q, %v", path, abs, err)
		}
		for _, d := range []fsys.Dir{fsys.Real.At(dir), opened} {
			_, err := d.Create(name, 0o644)
			wantErr(t, err, fs.ErrInvalid)
			_, err = d.Open(name, fsys.OpenWrite|fsys.OpenCreate)
			wantErr(t, err, fs.ErrInvalid)
			wantErr(t, d.Unlink(name), fs.ErrInvalid)
		}
	}
	for _, path := range []string{`\\.\PhysicalDrive0`, `\\.\` + dir + `\a.lock`, `\\?\GLOBALROOT\Device\Null`, `\\.\pipe\a.lock`, "NUL", "//./nul"} {
		if abs, err := fsys.Absolute(path); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q is %q, %v", path, abs, err)
		}
	}
	must(t, opened.List(func(e fsys.Entry) bool { t.Errorf("%q was made", e.Name); return true }))
}

func TestASharePathIsTakenApart(t *testing.T) {
	for path, want := range map[string][2]string{
		`\\server\share\a.lock`:       {`\\server\share\`, "a.lock"},
		`\\server\share\d\a.lock`:     {`\\server\share\d`, "a.lock"},
		`//server/share/d/a.lock`:     {`\\server\share\d`, "a.lock"},
		`\\?\UNC\server\share\a.lock`: {`\\?\UNC\server\share`, "a.lock"},
		`\\server\share\`:             {`\\server\share\`, ""},
	} {
		abs, err := fsys.Absolute(path)
		must(t, err)
		if dir, name := fsys.SplitPath(abs); [2]string{dir, name} != want {
			t.Errorf("%q: %q in %q, want %q", path, name, dir, want)
		}
	}
}

// What stands for something else is not followed: not by looking, opening,
// making, or removing.
func TestReparsePointsAreNotFollowed(t *testing.T) {
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	must(t, os.WriteFile(victim, []byte("data"), 0o666))
	must(t, os.Mkdir(filepath.Join(dir, "below"), 0o777))
	d := fsys.Real.At(dir)
	made := 0
	for name, link := range map[string]func(path string) error{
		"symlink":    func(path string) error { return os.Symlink(victim, path) },
		"to nothing": func(path string) error { return os.Symlink(filepath.Join(dir, "nothing"), path) },
		"directory":  func(path string) error { return os.Symlink(filepath.Join(dir, "below"), path) },
		"junction": func(path string) error {
			return exec.Command("cmd.exe", "/c", "mklink", "/J", path, filepath.Join(dir, "below")).Run()
		},
	} {
		if err := link(filepath.Join(dir, name)); err != nil {
			t.Logf("no %s: %v", name, err) // without the right to make one, or under Wine
			continue
		}
		info, err := d.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			t.Logf("no %s was made, although that was said", name) // Wine
			continue
		}
		must(t, err)
		made++
		if info.Mode&fs.ModeSymlink == 0 {
			t.Errorf("%s: the mode is %v", name, info.Mode)
		}
		_, err = d.Create(name, 0o644)
		wantErr(t, err, fs.ErrExist)
		for _, how := range []fsys.OpenFlag{fsys.OpenRead, fsys.OpenWrite, fsys.OpenWrite | fsys.OpenCreate, fsys.OpenRead | fsys.OpenDirToo, fsys.OpenListed} {
			_, err := d.Open(name, how)
			wantErr(t, err, fsys.ErrIrregular)
		}
		_, err = d.OpenDir(name)
		wantErr(t, err, fsys.ErrIrregular)
		if name == "symlink" {
			must(t, d.Unlink(name)) // the link
			if _, err := d.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: still there: %v", name, err)
			}
		}
	}
	if b, err := os.ReadFile(victim); err != nil || string(b) != "data" {
		t.Errorf("the file that was linked to: %q, %v", b, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "nothing")); err == nil {
		t.Error("a file was made through a link")
	}
	if made == 0 {
		t.Skip("no link could be made here")
	}
}

// FILE_ATTRIBUTE_READONLY, and what has it is removed all the same, as on Unix.
func TestAReadOnlyFileIsRemoved(t *testing.T) {
	dir := t.TempDir()
	d := fsys.Real.At(dir)
	f, err := d.Create("a", 0o444)
	must(t, err)
	must(t, f.Write([]byte("x"))) // the attribute is for those who come later
	if g, err := d.Open("a", fsys.OpenWrite); err == nil && emulation.Wine() {
		closing(t, g) // it asks Unix, where this is root
	} else {
		wantErr(t, err, windows.ERROR_ACCESS_DENIED)
	}
	must(t, d.Unlink("a"))
	closing(t, create(t, d, "a"))
	must(t, d.Unlink("a"))
	closing(t, f)
	wantEmpty(t, dir)
}

// Also where a filesystem keeps the name of what is deleted until it is closed.
func TestANameIsFreeAtOnceAndNothingIsLeft(t *testing.T) {
	dir := t.TempDir()
	d := fsys.Real.At(dir)
	f := create(t, d, "a")
	g, h := open(t, d, "a", fsys.OpenRead), open(t, d, "a", fsys.OpenWrite)
	must(t, d.Unlink("a"))
	_, err := d.Lstat("a")
	wantErr(t, err, fs.ErrNotExist)
	if errors.Is(err, fsys.ErrDeletePending) {
		t.Errorf("lstat: %v", err)
	}
	next := create(t, d, "a")
	closing(t, f, g, h)
	closing(t, next, open(t, d, "a", fsys.OpenRead)) // it was not removed with the others
	must(t, d.Unlink("a"))
	wantEmpty(t, dir)
}

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	must(t, err)
	if len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
