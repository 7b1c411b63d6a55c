package fsys_test

import (
	"errors"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/fsys"
)

func TestFilesExcludeEachOtherInOneProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	f := create(t, at(path), "a")
	g, h := open(t, at(path), "a", fsys.OpenRead), open(t, at(path), "a", fsys.OpenWrite)
	must(t, f.TryLock(fsys.Exclusive))
	wantErr(t, g.TryLock(fsys.Exclusive), fsys.ErrLocked)
	wantErr(t, g.TryLock(fsys.Shared), fsys.ErrLocked)
	must(t, f.TryLock(fsys.Shared)) // converted
	must(t, g.TryLock(fsys.Shared))
	wantErr(t, h.TryLock(fsys.Exclusive), fsys.ErrLocked)
	must(t, f.Unlock())
	wantErr(t, h.TryLock(fsys.Exclusive), fsys.ErrLocked)
	closing(t, g)
	must(t, h.TryLock(fsys.Exclusive))
	closing(t, h)
	g = open(t, at(path), "a", fsys.OpenRead)
	if err := g.TryLock(fsys.Exclusive); fsys.LocksBelongToFile {
		must(t, err) // also when the file is open for reading only
	} else if err == nil || errors.Is(err, fsys.ErrLocked) {
		t.Errorf("fcntl grants or refuses an exclusive lock on a file that is open for reading only: %v", err)
	}
	closing(t, f, g)
}

// Where kernel locks belong to the process, closing the probe would drop them.
func TestAProbeOfOnesOwnLockLeavesIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	f := create(t, at(path), "a")
	must(t, f.TryLock(fsys.Exclusive))
	for _, how := range []fsys.OpenFlag{fsys.OpenRead, fsys.OpenWrite, fsys.OpenRead, fsys.OpenListed} {
		probe := open(t, at(path), "a", how)
		wantErr(t, probe.TryLock(fsys.Shared), fsys.ErrLocked)
		closing(t, probe)
		other := roleCommand("hold", path, "shared")
		other.Stderr = nil
		if other.Run() == nil {
			t.Errorf("after a probe (%d) another process has the lock", how)
		}
	}
	closing(t, f)
	must(t, roleCommand("hold", path, "exclusive").Run())
}

func TestALockedFileCanBeReadAndUnlinked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	f := create(t, at(path), "a")
	must(t, f.TryLock(fsys.Exclusive))
	must(t, f.Write([]byte("record")))
	g := open(t, at(path), "a", fsys.OpenRead)
	if b, err := g.Read(100); err != nil || string(b) != "record" {
		t.Errorf("%q, %v", b, err)
	}
	must(t, at(path).Unlink("a"))
	closing(t, create(t, at(path), "a"), f, g)
}

func TestAnotherProcessExcludesUntilItEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	f := create(t, at(path), "a")
	end := start(t, roleCommand("hold", path, "exclusive"))
	wantErr(t, f.TryLock(fsys.Exclusive), fsys.ErrLocked)
	end()
	must(t, f.TryLock(fsys.Exclusive))
	closing(t, f)
}

func TestADroppedFileKeepsItsLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	closing(t, create(t, at(path), "a"))
	start(t, roleCommand("drop", path))
	f := open(t, at(path), "a", fsys.OpenWrite)
	wantErr(t, f.TryLock(fsys.Exclusive), fsys.ErrLocked)
	closing(t, f)
}

func TestTheLockIsFreeWhenCloseReturnsAlthoughChildrenAreStarted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	closing(t, create(t, at(path), "a"))
	must(t, roleCommand("exit").Run()) // package os makes a child of its own before the first
	rounds := 20
	switch {
	case emulation.Wine(): // where it takes long to start a process
		rounds = 2
	case testing.Short():
		rounds = 5
	}
	var children sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		children.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := roleCommand("exit").Run(); err != nil {
					var ee *exec.ExitError
					t.Errorf("child: %v, exit error: %t", err, errors.As(err, &ee))
					return
				}
			}
		})
	}
	for range rounds {
		must(t, roleCommand("exit").Run()) // so that the others have started some
		for range 200 {
			f := open(t, at(path), "a", fsys.OpenWrite)
			if err := f.TryLock(fsys.Exclusive); err != nil {
				t.Errorf("right after Close: %v", err)
			}
			closing(t, f)
		}
		if t.Failed() {
			break
		}
	}
	close(stop)
	children.Wait()
}
