package fsys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
	"golang.org/x/sys/unix"
)

// What statx says is compared with records and with /proc/locks that know
// stat's numbers.
func TestStatxSaysWhatStatSays(t *testing.T) {
	if runtime.GOARCH == "s390x" {
		emulation.SkipQemu(t, "its stat of this processor gives whole seconds")
	}
	if noStatx.Load() {
		t.Skip("this kernel has no statx")
	}
	here := t.TempDir()
	for name, err := range map[string]error{
		"file": os.WriteFile(filepath.Join(here, "file"), []byte("three"), 0o640),
		"dir":  os.Mkdir(filepath.Join(here, "dir"), 0o1777),
		"link": os.Symlink("nowhere", filepath.Join(here, "link")),
		"fifo": unix.Mkfifo(filepath.Join(here, "fifo"), 0o600),
	} {
		if err != nil {
			t.Fatal(name, err)
		}
	}
	if err := os.Link(filepath.Join(here, "file"), filepath.Join(here, "twice")); err != nil {
		t.Fatal(err)
	}
	old := func(f func() (Info, error)) (Info, error) {
		noStatx.Store(true)
		defer noStatx.Store(false)
		return f()
	}
	for _, path := range []string{"file", "dir", "link", "fifo", "twice", "none", "/dev/null", "/dev/shm", "/proc/self", "/sys/kernel"} {
		if !filepath.IsAbs(path) {
			path = filepath.Join(here, path)
		}
		dir, name := SplitPath(path)
		look := func() (Info, error) { return Real.At(dir).Lstat(name) }
		a, aerr := look()
		b, berr := old(look)
		a.Mount = 0 // stat does not say
		if a != b || (aerr == nil) != (berr == nil) || aerr != nil && aerr.Error() != berr.Error() {
			t.Errorf("%s:\nstatx %+v %v\nstat  %+v %v", path, a, aerr, b, berr)
		}
	}
	f, err := Real.At(here).Open("file", OpenWrite)
	if err != nil {
		t.Fatal(err)
	}
	a, aerr := f.Info()
	b, berr := old(f.Info)
	if l, err := Real.At(here).Lstat("file"); err != nil || l.Mount != a.Mount {
		t.Errorf("mount %d by descriptor, %d by name, %v", a.Mount, l.Mount, err)
	}
	a.Mount = 0
	if a != b || aerr != nil || berr != nil || a.Size != 5 {
		t.Errorf("an open file:\nstatx %+v %v\nstat  %+v %v", a, aerr, b, berr)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := f.Info(); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("a closed file: %v", err)
		}
		noStatx.Store(true)
	}
	noStatx.Store(false)
}

// A dir keeps some names, and must not take one for another.
func TestEveryNameIsTheOneAskedFor(t *testing.T) {
	for _, open := range []func(string) (Dir, error){
		func(path string) (Dir, error) { return Real.At(path), nil },
		Real.OpenDir,
	} {
		dir, err := open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		all := []string{"a", ".a.gate", "b", ".b.gate", "ab", ".", ".a"}
		for i, name := range all {
			if name == "." {
				continue
			}
			f, err := dir.Create(name, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(f.Truncate(int64(i)), f.Close()); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			for i, name := range all {
				info, err := dir.Lstat(name)
				if err != nil || name != "." && info.Size != int64(i) || name == "." && !info.Mode.IsDir() {
					t.Errorf("%q: %+v, %v", name, info, err)
				}
			}
		}
		for _, name := range all {
			if name == "." {
				continue
			}
			if err := dir.Unlink(name); err != nil {
				t.Error(err)
			}
			if info, err := dir.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%q: %+v, %v", name, info, err)
			}
		}
		if err := dir.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAPathDoesNotEndAtANUL(t *testing.T) {
	here := t.TempDir()
	at := Real.At(here + "/\x00elsewhere")
	if f, err := at.Create("x", 0o600); !errors.Is(err, unix.EINVAL) {
		t.Errorf("create: %v, %v", f, err)
	}
	if _, err := at.Lstat("x"); !errors.Is(err, unix.EINVAL) {
		t.Errorf("lstat: %v", err)
	}
	if err := at.Unlink("x"); !errors.Is(err, unix.EINVAL) {
		t.Errorf("unlink: %v", err)
	}
}
