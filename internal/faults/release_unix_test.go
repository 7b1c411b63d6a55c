//go:build unix

package faults_test

import (
	"errors"
	"syscall"
	"testing"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
)

// An owner that lets go without being able to remove the file has let go: a
// child with a duplicate of the descriptor does not keep the lock.
func TestAReleaseThatCannotRemoveTheFileFreesTheLock(t *testing.T) {
	for _, op := range []string{faults.OpUnlink, faults.OpLstat} {
		path := softPath(t)
		f := faults.On(fsys.Real, nil)
		l := lock.NewSoft(path, lock.InHost(worldOf(f)))
		must(t, l.Lock(t.Context()))
		child, err := l.Dup()
		must(t, err)
		f.Decide(always(faults.Fault{Err: syscall.EROFS}, op))
		if err := l.Unlock(); !errors.Is(err, syscall.EROFS) {
			t.Errorf("%s fails: %v", op, err)
		}
		next := lock.NewSoft(path, lock.InHost(worldOf(fsys.Real)))
		if err := next.TryLock(); err != nil {
			t.Errorf("%s failed, the next contender: %v", op, err)
		} else if err := next.Unlock(); err != nil {
			t.Error(err)
		}
		must(t, child.Close())
	}
}
