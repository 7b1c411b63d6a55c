//go:build unix

package fsys_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/internal/fsys"
)

// hostile puts things that are no regular files into a directory, and returns
// what each is called in a message.
func hostile(t *testing.T, path string) map[string]string {
	t.Helper()
	in := func(name string) string { return filepath.Join(path, name) }
	must(t, os.WriteFile(in("target"), []byte("secret"), 0o600))
	must(t, os.Symlink("target", in("link")))
	must(t, os.Symlink("nowhere", in("dangling")))
	must(t, os.Symlink("loop", in("loop")))
	must(t, os.Symlink(".", in("dirlink")))
	must(t, unix.Mkfifo(in("fifo"), 0o666))
	must(t, os.Mkdir(in("dir"), 0o755))
	kinds := map[string]string{
		"link": "a symbolic link", "dangling": "a symbolic link", "loop": "a symbolic link", "dirlink": "a symbolic link",
		"fifo": "a FIFO", "dir": "a directory",
	}
	// A socket's path is short: it is made in a directory of its own and moved.
	short, err := os.MkdirTemp("", "s")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(short) })
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(short, "s"), Net: "unix"})
	must(t, err)
	l.SetUnlinkOnClose(false)
	t.Cleanup(func() { _ = l.Close() })
	if err := os.Rename(filepath.Join(short, "s"), in("socket")); err == nil {
		kinds["socket"] = "a socket"
	}
	return kinds
}

func wantIrregular(t *testing.T, kinds map[string]string, d fsys.Dir) {
	t.Helper()
	for name, kind := range kinds {
		for _, how := range []fsys.OpenFlag{
			fsys.OpenRead, fsys.OpenWrite, fsys.OpenCreate, fsys.OpenWrite | fsys.OpenCreate,
			fsys.OpenListed, fsys.OpenDirToo, fsys.OpenWrite | fsys.OpenCreate | fsys.OpenDirToo,
		} {
			if how&fsys.OpenDirToo != 0 && name == "dir" {
				continue
			}
			_, err := d.Open(name, how)
			wantErr(t, err, fsys.ErrIrregular)
			if err == nil || !strings.HasSuffix(err.Error(), name+": is "+kind+", not a regular file") {
				t.Errorf("the message is %v", err)
			}
		}
		_, err := d.Create(name, 0o644)
		wantErr(t, err, fs.ErrExist)
		if name != "dir" {
			_, err = d.OpenDir(name)
			wantErr(t, err, fsys.ErrIrregular)
		}
	}
}

func TestWhatIsNoRegularFileIsRefusedByKind(t *testing.T) {
	eachDir(t, func(t *testing.T, d fsys.Dir, path string) {
		wantIrregular(t, hostile(t, path), d)
		if _, err := os.Lstat(filepath.Join(path, "nowhere")); err == nil {
			t.Error("the target of a dangling link was made")
		}
		_, err := fsys.Real.OpenDir(filepath.Join(path, "dirlink"))
		wantErr(t, err, fsys.ErrIrregular)
		_, err = d.OpenDir("target")
		wantErr(t, err, unix.ENOTDIR)
		_, err = d.OpenDir("none")
		wantErr(t, err, fs.ErrNotExist)
	})
}

// A loop above the name is not the name's fault.
func TestALoopInTheDirectoryIsNotAnIrregularFile(t *testing.T) {
	path := t.TempDir()
	must(t, os.Symlink("loop", filepath.Join(path, "loop")))
	_, err := fsys.Real.At(filepath.Join(path, "loop")).Open("a", fsys.OpenWrite|fsys.OpenCreate)
	wantErr(t, err, unix.ELOOP)
}

func TestAnOpenedDirectoryStaysTheSameWhateverItsPathIs(t *testing.T) {
	parent := t.TempDir()
	path, away := filepath.Join(parent, "dir"), filepath.Join(parent, "away")
	must(t, os.Mkdir(path, 0o755))
	must(t, os.WriteFile(filepath.Join(path, "old"), nil, 0o644))
	d, err := fsys.Real.OpenDir(path)
	must(t, err)
	must(t, os.Rename(path, away))
	must(t, os.Mkdir(path, 0o755))
	must(t, os.WriteFile(filepath.Join(path, "decoy"), nil, 0o644))

	closing(t, create(t, d, "new"), open(t, d, "old", fsys.OpenRead))
	must(t, d.Unlink("old"))
	_, err = d.Lstat("decoy")
	wantErr(t, err, fs.ErrNotExist)
	var names []string
	must(t, d.List(func(e fsys.Entry) bool { names = append(names, e.Name); return true }))
	if strings.Join(names, " ") != "new" {
		t.Errorf("listed %q, want only new", names)
	}
	if _, err := os.Lstat(filepath.Join(away, "new")); err != nil {
		t.Error(err)
	}
	closing(t, d)
}

// What a lookup of a name in the directory follows, opening it does.
func TestTheDirectoryItselfIsOpenedThroughALinkAndKept(t *testing.T) {
	parent := t.TempDir()
	path, away, link := filepath.Join(parent, "dir"), filepath.Join(parent, "away"), filepath.Join(parent, "link")
	must(t, os.Mkdir(path, 0o755))
	must(t, os.WriteFile(filepath.Join(path, "old"), nil, 0o644))
	must(t, os.Symlink("dir", link))
	d, err := fsys.Real.At(link).OpenDir(".")
	must(t, err)
	if d.Path() != link {
		t.Errorf("its path is %q, want the one given", d.Path())
	}
	must(t, os.Rename(path, away))
	must(t, os.Mkdir(path, 0o755))
	must(t, os.WriteFile(filepath.Join(path, "decoy"), nil, 0o644))
	info, err := d.Lstat("old")
	must(t, err)
	if _, err := d.Class(); err != nil {
		t.Error(err)
	}
	again, err := d.OpenDir(".")
	must(t, err)
	f := open(t, again, "old", fsys.OpenRead)
	if f.OpenInfo().ID != info.ID {
		t.Error("it is another file")
	}
	must(t, d.Unlink("old"))
	_, err = d.Lstat("decoy")
	wantErr(t, err, fs.ErrNotExist)
	closing(t, f, again, d)

	_, err = fsys.Real.At(filepath.Join(path, "decoy")).OpenDir(".")
	wantErr(t, err, unix.ENOTDIR)
	_, err = fsys.Real.At(filepath.Join(path, "none")).OpenDir(".")
	wantErr(t, err, fs.ErrNotExist)
}

func TestARemovedDirectoryListsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dir")
	must(t, os.Mkdir(path, 0o755))
	d, err := fsys.Real.OpenDir(path)
	must(t, err)
	must(t, os.Remove(path))
	must(t, d.List(func(e fsys.Entry) bool { t.Errorf("listed %q", e.Name); return true }))
	_, err = d.Create("a", 0o644)
	wantErr(t, err, fs.ErrNotExist)
	closing(t, d)
}

func TestChmodIsExactPastTheUmask(t *testing.T) {
	d := fsys.Real.At(t.TempDir())
	f, err := d.Create("a", 0o600)
	must(t, err)
	for _, perm := range []fs.FileMode{0o666, 0o640, 0} {
		must(t, f.Chmod(perm))
		info, err := f.Info()
		must(t, err)
		if info.Mode != perm || info.UID != uint32(os.Geteuid()) {
			t.Errorf("%v of user %d, want %v", info.Mode, info.UID, perm)
		}
	}
	closing(t, f)
}

func TestADuplicateKeepsTheLockAfterClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	f := open(t, at(path), "a", fsys.OpenWrite|fsys.OpenCreate)
	must(t, f.TryLock(fsys.Exclusive))
	dup, err := f.Dup()
	if !fsys.LocksBelongToFile {
		wantErr(t, err, errors.ErrUnsupported)
		closing(t, f)
		t.Skip("no child inherits a lock here")
	}
	must(t, err)
	cmd := roleCommand("wait")
	cmd.ExtraFiles = []*os.File{dup}
	end := start(t, cmd)
	closing(t, f, dup)
	g := open(t, at(path), "a", fsys.OpenRead)
	wantErr(t, g.TryLock(fsys.Shared), fsys.ErrLocked)
	end()
	must(t, g.TryLock(fsys.Exclusive))
	closing(t, g)
}

func init() {
	// inherited DIR NAME: says whether it has a descriptor of the directory or
	// of the file in it.
	roles["inherited"] = func(args []string) error {
		var ids []fsys.ID
		for _, name := range []string{".", args[1]} {
			info, err := fsys.Real.At(args[0]).Lstat(name)
			if err != nil {
				return err
			}
			ids = append(ids, info.ID)
		}
		for fd := range 100 {
			var st unix.Stat_t
			if unix.Fstat(fd, &st) == nil && slices.Contains(ids, fsys.ID{Dev: uint64(st.Dev), Ino: uint64(st.Ino)}) {
				return fmt.Errorf("descriptor %d was inherited", fd)
			}
		}
		return nil
	}
}

func TestChildrenInheritNoDescriptor(t *testing.T) {
	path := t.TempDir()
	d, err := fsys.Real.OpenDir(path)
	must(t, err)
	f := create(t, d, "a")
	g := open(t, d, "a", fsys.OpenWrite)
	dup, err := g.Dup()
	if errors.Is(err, errors.ErrUnsupported) {
		dup, err = os.Open(filepath.Join(path, "a"))
	}
	must(t, err)
	if err := roleCommand("inherited", path, "a").Run(); err != nil {
		t.Error("the child:", err)
	}
	cmd := roleCommand("inherited", path, "a")
	cmd.Stderr = nil
	cmd.ExtraFiles = []*os.File{dup}
	if cmd.Run() == nil {
		t.Error("the child does not notice a descriptor that it was given")
	}
	closing(t, f, g, dup, d)
}
