//go:build linux

package filelock_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// renamesAside is the kind of lock that breaks the way everybody does it at
// first: what is judged dead is renamed aside, read again, and removed if it
// is what was judged. It is wrong. A reads the dead marker and pauses; B
// breaks it and makes its own; A renames B's marker away, sees that it is not
// the dead one and gives up; but the path is free now, and C takes the lock
// beside B.
const renamesAside = "rename-aside"

var asideSteps = []step{{taking, "Create"}, {taking, "Write"}, {taking, "Rename"}, {taking, "Unlink"}, {releasing, "Unlink"}}

type asideLock struct {
	path string
	s    *saboteur
}

func (l *asideLock) call(name string, f func() error) error {
	defer l.s.before(name)()
	return f()
}

func (l *asideLock) take() error {
	for {
		var f *os.File
		err := l.call("Create", func() (err error) {
			f, err = os.OpenFile(l.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
			return
		})
		if err == nil {
			err = l.call("Write", func() error { _, err := fmt.Fprintln(f, os.Getpid()); return err })
			return errors.Join(err, f.Close())
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := l.breakIfDead(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		time.Sleep(time.Duration(l.s.rand.IntN(int(3 * time.Millisecond))))
	}
}

func (l *asideLock) breakIfDead() error {
	judged, err := os.ReadFile(l.path)
	if err != nil {
		return err
	}
	var pid int
	if n, _ := fmt.Sscan(string(judged), &pid); n == 0 {
		// Its creator has not written yet, or died before it did.
		if info, err := os.Stat(l.path); err != nil || time.Since(info.ModTime()) < 200*time.Millisecond {
			return err
		}
	} else if !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return nil // alive
	}
	aside := fmt.Sprintf("%s.%d", l.path, os.Getpid())
	if err := l.call("Rename", func() error { return os.Rename(l.path, aside) }); err != nil {
		return err
	}
	again, err := os.ReadFile(aside)
	if err != nil {
		return err
	}
	if bytes.Equal(again, judged) {
		l.s.arena.append(breaks, "%s", renamesAside)
	}
	return l.call("Unlink", func() error { return os.Remove(aside) })
}

func (l *asideLock) release() error {
	return l.call("Unlink", func() error { return os.Remove(l.path) })
}
