//go:build aix || (solaris && !illumos) || (linux && filelock_fcntl)

package lock_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// Who shares a hard lock writes no record: the file may be empty for as long as
// it is held. No grace is over then.
func TestAnEmptyFileThatOthersShareIsNotBroken(t *testing.T) {
	path := tempPath(t)
	l := lock.NewFile(path)
	must(t, l.TryRLock())
	var passed time.Duration
	world := host.Real.With(fsys.Real)
	world.Uptime = func() time.Duration { return meta.Uptime() + passed }
	r := reaper.In(world)
	look := func() (err error) {
		for range 5 {
			_, err = r.Break(context.Background(), path, reaper.Options{})
			passed += time.Minute
		}
		return err
	}
	if err := look(); !errors.Is(err, reaper.ErrRefused) {
		t.Errorf("break: %v", err)
	}
	must(t, l.Unlock())
	must(t, look()) // it is a creator's that died, as far as can be seen
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("the grace was not over in this test:", err)
	}
}
