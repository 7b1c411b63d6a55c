package fsys_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/fsys"
)

func TestCreateMakesOnlyWhatIsNotThere(t *testing.T) {
	eachDir(t, func(t *testing.T, d fsys.Dir, path string) {
		f := create(t, d, "a")
		if f.OpenInfo() != (fsys.Info{}) {
			t.Errorf("OpenInfo after Create: %+v", f.OpenInfo())
		}
		_, err := d.Create("a", 0o644)
		wantErr(t, err, fs.ErrExist)
		must(t, os.Mkdir(filepath.Join(path, "dir"), 0o755))
		_, err = d.Create("dir", 0o644)
		wantErr(t, err, fs.ErrExist)
		_, err = fsys.Real.At(filepath.Join(path, "none")).Create("a", 0o644)
		wantErr(t, err, fs.ErrNotExist)
		var pe *fs.PathError
		if want := filepath.Join(path, "none", "a"); errors.As(err, &pe) && pe.Path != want {
			t.Errorf("the error names %q, want %q", pe.Path, want)
		}
		closing(t, f)
	})
}

func TestOpenAgreesWithLstatAboutWhatItOpened(t *testing.T) {
	if runtime.GOARCH == "s390x" {
		emulation.SkipQemu(t, "its stat of this processor gives whole seconds")
	}
	eachDir(t, func(t *testing.T, d fsys.Dir, path string) {
		_, err := d.Open("a", fsys.OpenRead)
		wantErr(t, err, fs.ErrNotExist)
		_, err = d.Open("a", fsys.OpenWrite)
		wantErr(t, err, fs.ErrNotExist)
		f := open(t, d, "a", fsys.OpenWrite|fsys.OpenCreate)
		must(t, f.Write([]byte("0123456789")))
		must(t, f.Truncate(4))
		again := open(t, d, "a", fsys.OpenRead)
		lst, err := d.Lstat("a")
		must(t, err)
		now, err := f.Info()
		must(t, err)
		if again.OpenInfo() != lst || now != lst {
			t.Errorf("Open: %+v\nInfo: %+v\nLstat: %+v", again.OpenInfo(), now, lst)
		}
		if f.OpenInfo().ID != lst.ID || f.OpenInfo().Size != 0 || lst.Size != 4 || !lst.Mode.IsRegular() || lst.Links != 1 || lst.ModTime.IsZero() {
			t.Errorf("Open: %+v\nLstat: %+v", f.OpenInfo(), lst)
		}
		std, err := os.Lstat(filepath.Join(path, "a"))
		must(t, err)
		if !lst.ModTime.Equal(std.ModTime()) || lst.Mode != std.Mode() {
			t.Errorf("Lstat says %v %v, os.Lstat %v %v", lst.ModTime, lst.Mode, std.ModTime(), std.Mode())
		}
		closing(t, f, again)
		must(t, d.Unlink("a"))
		_, err = d.Lstat("a")
		wantErr(t, err, fs.ErrNotExist)
		wantErr(t, d.Unlink("a"), fs.ErrNotExist)
	})
}

func TestReadStopsAtTheEndOrAtMax(t *testing.T) {
	d := fsys.Real.At(t.TempDir())
	want := bytes.Repeat([]byte("filelock"), 1000)
	f := create(t, d, "a")
	if b, err := f.Read(100); err != nil || len(b) != 0 {
		t.Errorf("of an empty file: %q, %v", b, err)
	}
	must(t, f.Write(want))
	for _, max := range []int{0, 1, 1023, 1024, 1025, 7999, 8000, 8001, 1 << 20} {
		b, err := f.Read(max)
		must(t, err)
		if !bytes.Equal(b, want[:min(max, len(want))]) {
			t.Errorf("Read(%d) gives %d bytes", max, len(b))
		}
	}
	must(t, f.Write([]byte("FILELOCK!")))
	if b, err := f.Read(10); err != nil || string(b) != "FILELOCK!i" {
		t.Errorf("after a second Write: %q, %v", b, err)
	}
	closing(t, f)
}

// ReadInto stops at the length that the open saw, but not before the end of a
// file that has another length by now.
func TestReadIntoReadsTheWholeFile(t *testing.T) {
	eachDir(t, func(t *testing.T, d fsys.Dir, path string) {
		want := bytes.Repeat([]byte("filelock"), 100)
		for _, atOpen := range []int{0, 1, 799, 800} {
			for _, now := range []int{0, 1, 799, 800} {
				must(t, os.WriteFile(filepath.Join(path, "a"), want[:atOpen], 0o644))
				f := open(t, d, "a", fsys.OpenListed)
				must(t, os.WriteFile(filepath.Join(path, "a"), want[:now], 0o644))
				for _, room := range []int{0, 1, 799, 800, 801, 4096} {
					b := make([]byte, room)
					n, err := f.ReadInto(b)
					must(t, err)
					if !bytes.Equal(b[:n], want[:min(now, room)]) {
						t.Errorf("%d bytes at open, %d now: ReadInto of %d bytes gives %d", atOpen, now, room, n)
					}
				}
				closing(t, f)
			}
		}
	})
}

func TestOnlySingleNamesAreLookedUp(t *testing.T) {
	parent := t.TempDir()
	path := filepath.Join(parent, "dir")
	must(t, os.Mkdir(path, 0o755))
	must(t, os.WriteFile(filepath.Join(parent, "out"), nil, 0o644))
	opened, err := fsys.Real.OpenDir(path)
	must(t, err)
	bad := []string{"", ".", "..", "a/b", "/out", "../out", "a\x00b", filepath.Join(parent, "out")}
	if runtime.GOOS == "windows" {
		bad = append(bad, `..\out`, "a:stream")
	}
	for _, d := range []fsys.Dir{fsys.Real.At(path), opened} {
		for _, name := range bad {
			_, err := d.Create(name, 0o644)
			wantRefused(t, "create", name, err)
			_, err = d.Open(name, fsys.OpenRead|fsys.OpenDirToo)
			wantRefused(t, "open", name, err)
			wantRefused(t, "unlink", name, d.Unlink(name))
			if name != "." {
				_, err = d.OpenDir(name)
				wantRefused(t, "opendir", name, err)
				_, err = d.Lstat(name)
				wantRefused(t, "lstat", name, err)
			}
		}
		self, err := d.Lstat(".")
		must(t, err)
		viaParent, err := fsys.Real.At(parent).Lstat("dir")
		must(t, err)
		if self.ID != viaParent.ID || !self.Mode.IsDir() {
			t.Errorf(". is %+v, the directory %+v", self, viaParent)
		}
	}
	closing(t, opened)
}

func wantRefused(t *testing.T, op, name string, err error) {
	t.Helper()
	var pe *fs.PathError
	if !errors.As(err, &pe) {
		t.Errorf("%s %q: %v, want it refused with a *fs.PathError", op, name, err)
	}
}

func TestADirectoryIsOpenedAndUnlinkedAsNoFile(t *testing.T) {
	eachDir(t, func(t *testing.T, d fsys.Dir, path string) {
		must(t, os.Mkdir(filepath.Join(path, "dir"), 0o755))
		for _, how := range []fsys.OpenFlag{fsys.OpenRead, fsys.OpenWrite, fsys.OpenCreate, fsys.OpenWrite | fsys.OpenCreate} {
			_, err := d.Open("dir", how)
			wantErr(t, err, fsys.ErrIrregular)
			if err == nil || !strings.HasSuffix(err.Error(), "is a directory, not a regular file") {
				t.Errorf("the message is %v", err)
			}
			f, err := d.Open("dir", how|fsys.OpenDirToo)
			if runtime.GOOS == "windows" {
				wantErr(t, err, errors.ErrUnsupported)
				continue
			}
			must(t, err)
			if !f.OpenInfo().Mode.IsDir() {
				t.Errorf("opened %v", f.OpenInfo().Mode)
			}
			closing(t, f)
		}
		if err := d.Unlink("dir"); err == nil {
			t.Error("a directory was unlinked")
		}
		if _, err := os.Lstat(filepath.Join(path, "dir")); err != nil {
			t.Error(err)
		}
	})
}

func TestListGivesEveryNameOnceInBoundedMemory(t *testing.T) {
	n := 50_000
	if emulation.Wine() { // to look up a name it reads the directory
		n = 500
	}
	path := tmpfs(t)
	at := fsys.Real.At(path)
	for i := range n {
		closing(t, create(t, at, fmt.Sprintf("%06d", i)))
	}
	must(t, os.Mkdir(filepath.Join(path, "dir"), 0o755))
	wantListed(t, at.List(func(fsys.Entry) bool { return true }), false)
	d, err := fsys.Real.OpenDir(path)
	must(t, err)
	var before, during runtime.MemStats
	seen := make([]bool, n)
	runtime.GC()
	runtime.ReadMemStats(&before)
	count, grown := 0, uint64(0)
	wantListed(t, d.List(func(e fsys.Entry) bool {
		if e.Name == "dir" {
			if e.Type != fs.ModeDir && e.Type != fs.ModeIrregular {
				t.Errorf("dir has type %v", e.Type)
			}
			return true
		}
		var i int
		if _, err := fmt.Sscanf(e.Name, "%06d", &i); err != nil || seen[i] {
			t.Errorf("%q: %v, or seen before", e.Name, err)
			return false
		}
		seen[i] = true
		if count++; count%10_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&during)
			grown = max(grown, during.HeapAlloc-min(during.HeapAlloc, before.HeapAlloc))
		}
		return true
	}), true)
	if count != n {
		t.Errorf("%d names, want %d", count, n)
	}
	if n == 50_000 && grown > 1<<20 { // 50,000 entries are some 2 MiB
		t.Errorf("the heap grew by %d bytes", grown)
	}
	closing(t, d)
}

func wantListed(t *testing.T, err error, ok bool) {
	t.Helper()
	if (err == nil) != ok {
		t.Errorf("List: %v", err)
	}
}

func TestListEndsWhenYieldSaysSo(t *testing.T) {
	path := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		closing(t, create(t, fsys.Real.At(path), name))
	}
	d, err := fsys.Real.OpenDir(path)
	must(t, err)
	n := 0
	must(t, d.List(func(fsys.Entry) bool { n++; return n < 2 }))
	if n != 2 {
		t.Errorf("yield was called %d times", n)
	}
	closing(t, d)
}

func TestWhatWasClosedSaysSo(t *testing.T) {
	path := t.TempDir()
	d, err := fsys.Real.OpenDir(path)
	must(t, err)
	f := create(t, d, "a")
	closing(t, f, d)
	wantErr(t, f.Close(), fs.ErrClosed)
	wantErr(t, f.TryLock(fsys.Exclusive), fs.ErrClosed)
	wantErr(t, f.Write([]byte("x")), fs.ErrClosed)
	_, err = f.Info()
	wantErr(t, err, fs.ErrClosed)
	wantErr(t, d.Close(), fs.ErrClosed)
	_, err = d.Open("a", fsys.OpenRead)
	wantErr(t, err, fs.ErrClosed)
	wantErr(t, d.List(func(fsys.Entry) bool { return true }), fs.ErrClosed)
}
