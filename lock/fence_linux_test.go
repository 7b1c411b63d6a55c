package lock_test

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
)

// Nobody waits for a FIFO at the fence's name to be opened at its other end.
func TestAFIFOIsNoFence(t *testing.T) {
	for way, opts := range fencedWays {
		t.Run(way, func(t *testing.T) {
			path := tempPath(t)
			must(t, unix.Mkfifo(fencePath(path), 0o644))
			if err := lock.NewSoft(path, opts...).TryLock(); !errors.Is(err, fsys.ErrIrregular) {
				t.Errorf("%v", err)
			}
			if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the lock file: %v", err)
			}
		})
	}
}
