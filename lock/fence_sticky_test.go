package lock_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
)

// stickyFS is a filesystem on which no file that is there is opened in a way that
// would make it: others made it, in a directory like /tmp.
type stickyFS struct{ fsys.FS }

type stickyDir struct{ fsys.Dir }

func (s stickyFS) At(path string) fsys.Dir { return stickyDir{s.FS.At(path)} }

func (d stickyDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	if _, err := d.Lstat(name); how&fsys.OpenCreate != 0 && !errors.Is(err, fs.ErrNotExist) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return d.Dir.Open(name, how)
}

// Users who share a lock in a directory like /tmp share its fence, where the
// system refuses to open another's file with O_CREAT (fs.protected_regular, see
// proc_sys_fs(5)).
func TestUsersShareAFenceInAStickyDirectory(t *testing.T) {
	for way, opts := range fencedWays {
		t.Run(way, func(t *testing.T) {
			path := tempPath(t)
			for want := uint64(1); want < 4; want++ {
				l := lock.NewSoft(path, append(opts, lock.InHost(host.Real.With(stickyFS{fsys.Real})))...)
				must(t, l.TryLock())
				if l.Fence() != want {
					t.Errorf("the fence is %d, want %d", l.Fence(), want)
				}
				must(t, l.Unlock())
			}
		})
	}
}
