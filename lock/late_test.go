package lock_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
)

// slowFS spends time before it writes.
type slowFS struct {
	fsys.FS
	sync func()
}

type slowDir struct {
	fsys.Dir
	sync func()
}

type slowFile struct {
	fsys.File
	sync func()
}

func (s slowFS) At(path string) fsys.Dir { return slowDir{s.FS.At(path), s.sync} }

func (d slowDir) Create(name string, perm os.FileMode) (fsys.File, error) {
	f, err := d.Dir.Create(name, perm)
	if err != nil {
		return nil, err
	}
	return slowFile{f, d.sync}, nil
}

func (f slowFile) Write(b []byte) error {
	f.sync()
	return f.File.Write(b)
}

// A take that was so slow that the new lock's lease is over when it is made is
// not a take: whoever gets no error has the lock.
func TestALockIsNotGivenWithALeaseThatIsOver(t *testing.T) {
	for name, opts := range map[string][]lock.Option{
		"network": {lock.WithNetwork(), lock.WithLease(10 * time.Second)},
		"local":   {lock.WithLease(10 * time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newNetWorld(t)
			slow := 1
			h := w.machine(1, slowFS{fsys.Real, func() {
				if slow > 0 {
					slow--
					w.pass(12 * time.Second)
				}
			}})
			l := lock.NewSoft(w.path, append(opts, lock.InHost(h))...)
			if err := l.TryLock(); err == nil && !l.Locked() {
				t.Error("TryLock succeeded, and the lock is lost already")
			}
			_ = l.ForceUnlock()
			if left, err := os.ReadDir(filepath.Dir(w.path)); err != nil || len(left) > 0 {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
}
