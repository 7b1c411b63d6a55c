package lock_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
)

// guardFS does something when the first guard is about to be made.
type guardFS struct {
	fsys.FS
	first *func()
}

type guardDir struct {
	fsys.Dir
	first *func()
}

func (g guardFS) At(path string) fsys.Dir { return guardDir{g.FS.At(path), g.first} }

func (d guardDir) OpenDir(name string) (fsys.Dir, error) {
	sub, err := d.Dir.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return guardDir{sub, d.first}, nil
}

func (d guardDir) Create(name string, perm os.FileMode) (fsys.File, error) {
	if do := *d.first; do != nil && strings.HasSuffix(name, ".guard") {
		*d.first = nil
		do()
	}
	return d.Dir.Create(name, perm)
}

// Who lets go with less than half of his lease left does so under a guard. Until
// the lock is gone it is his: another handle of his process does not find it
// abandoned, and he is not told that he lost it.
func TestALockIsNotAbandonedWhileItIsReleased(t *testing.T) {
	w := newNetWorld(t)
	var first func()
	h := w.machine(1, guardFS{fsys.Real, &first})
	soft := func() *lock.Soft { return lock.NewSoft(w.path, lock.WithNetwork(), lock.InHost(h)) }
	l, other := soft(), soft()
	must(t, l.TryLock())
	w.pass(40 * time.Second)
	met := false
	first = func() {
		met = true
		if err := other.TryLock(); !errors.Is(err, lock.ErrHeld) {
			t.Errorf("another handle got %v", err)
		}
	}
	must(t, l.Unlock())
	if !met {
		t.Error("there was no guard")
	}
	must(t, other.TryLock())
	must(t, other.Unlock())
	if left, err := os.ReadDir(filepath.Dir(w.path)); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
