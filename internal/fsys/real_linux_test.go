package fsys_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/internal/fsys"
)

func openDescriptors(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(fds)
}

func TestARefusedNameLeavesNothingOpen(t *testing.T) {
	path := t.TempDir()
	kinds := hostile(t, path)
	if os.Geteuid() == 0 {
		null := int(unix.Mkdev(1, 3))
		if err := unix.Mknod(filepath.Join(path, "device"), unix.S_IFCHR|0o666, null); err == nil {
			kinds["device"] = "a device"
		}
		// A device that no driver answers for.
		if err := unix.Mknod(filepath.Join(path, "nodriver"), unix.S_IFCHR|0o666, int(unix.Mkdev(4000, 77))); err == nil {
			kinds["nodriver"] = "a device"
		}
	}
	before := openDescriptors(t)
	wantIrregular(t, kinds, fsys.Real.At(path))
	if after := openDescriptors(t); after != before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

func TestClassKnowsTheFilesystem(t *testing.T) {
	for path, want := range map[string]fsys.Class{
		"/proc":    {Type: "proc"},
		"/sys":     {Type: "sysfs"},
		"/dev/pts": {Type: "devpts"},
		"/dev/shm": {Type: "tmpfs", Local: true},
	} {
		c, err := fsys.Real.At(path).Class()
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		must(t, err)
		if c != want {
			t.Errorf("%s: %+v, want %+v", path, c, want)
		}
	}
	for _, path := range []string{t.TempDir(), tmpfs(t)} {
		d, err := fsys.Real.OpenDir(path)
		must(t, err)
		f := create(t, d, "a")
		byFile, err := f.Class()
		must(t, err)
		byDir, err := d.Class()
		must(t, err)
		byPath, err := fsys.Real.At(path).Class()
		must(t, err)
		if byFile != byDir || byDir != byPath || byPath.Type == "" {
			t.Errorf("%s: %+v, %+v, %+v", path, byFile, byDir, byPath)
		}
		t.Logf("%s is on %+v", path, byFile)
		closing(t, f, d)
	}
}

func TestHoldersFindsWhoHasALock(t *testing.T) {
	for _, dir := range []string{t.TempDir(), tmpfs(t)} {
		path := filepath.Join(dir, "a")
		f := create(t, at(path), "a")
		info, err := f.Info()
		must(t, err)
		wantHolders(t, info.ID)

		one, two := roleCommand("hold", path, "shared"), roleCommand("hold", path, "shared")
		endOne, endTwo := start(t, one), start(t, two)
		wantHolders(t, info.ID, shared(one.Process.Pid), shared(two.Process.Pid))
		endOne()
		wantHolders(t, info.ID, shared(two.Process.Pid))
		endTwo()

		three := roleCommand("hold", path, "exclusive")
		end := start(t, three)
		wantHolders(t, info.ID, exclusive(three.Process.Pid))
		end()
		wantHolders(t, info.ID)

		must(t, f.TryLock(fsys.Exclusive))
		wantHolders(t, info.ID, exclusive(os.Getpid()))
		closing(t, f)
	}
}

func shared(pid int) fsys.Holder { return fsys.Holder{PID: pid, KnownBy: "descriptor"} }
func exclusive(pid int) fsys.Holder {
	return fsys.Holder{PID: pid, Mode: fsys.Exclusive, KnownBy: "descriptor"}
}

func wantHolders(t *testing.T, id fsys.ID, want ...fsys.Holder) {
	t.Helper()
	got, err := fsys.Holders(context.Background(), id)
	must(t, err)
	left := map[fsys.Holder]bool{}
	for _, h := range got {
		left[h] = true
	}
	for _, h := range want {
		if !left[h] {
			t.Errorf("%+v is not among %+v", h, got)
		}
	}
	if len(got) != len(want) {
		t.Errorf("holders %+v, want %+v", got, want)
	}
}

// The one who took the lock may be gone while a child of it has it.
func TestHoldersFindsWhoInheritedALock(t *testing.T) {
	if !fsys.LocksBelongToFile {
		t.Skip("no child inherits a lock here")
	}
	path := filepath.Join(t.TempDir(), "a")
	f := create(t, at(path), "a")
	must(t, f.TryLock(fsys.Exclusive))
	dup, err := f.Dup()
	must(t, err)
	info, err := f.Info()
	must(t, err)
	child := roleCommand("wait")
	child.ExtraFiles = []*os.File{dup}
	end := start(t, child)
	closing(t, f, dup)
	wantHolders(t, info.ID, exclusive(child.Process.Pid))
	end()
	wantHolders(t, info.ID)
}

func TestHoldersEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := fsys.Holders(ctx, fsys.ID{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
