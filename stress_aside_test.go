//go:build linux || windows

package filelock_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
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
	dir  fsys.Dir
	name string
	s    *saboteur
}

// newAside uses the files as locks do: on Windows package os would not let
// others rename what it has open.
func newAside(path string, s *saboteur) *asideLock {
	return &asideLock{fsys.Real.At(filepath.Dir(path)), filepath.Base(path), s}
}

func (l *asideLock) call(name string, f func() error) error {
	defer l.s.before(name)()
	return f()
}

func (l *asideLock) take() error {
	for {
		var f fsys.File
		err := l.call("Create", func() (err error) {
			f, err = l.dir.Create(l.name, 0o644)
			return
		})
		if err == nil {
			err = l.call("Write", func() error { return f.Write([]byte(strconv.Itoa(os.Getpid()))) })
			return errors.Join(err, f.Close())
		}
		if !errors.Is(err, fs.ErrExist) && !goesAway(err) {
			return err
		}
		if err := l.breakIfDead(); err != nil && !errors.Is(err, fs.ErrNotExist) && !goesAway(err) {
			return err
		}
		time.Sleep(time.Duration(l.s.rand.IntN(int(3 * time.Millisecond))))
	}
}

func (l *asideLock) breakIfDead() error {
	judged, written, err := l.read(l.name)
	if err != nil {
		return err
	}
	var pid int
	if n, _ := fmt.Sscan(string(judged), &pid); n == 0 {
		// Its creator has not written yet, or died before it did.
		if time.Since(written) < 200*time.Millisecond {
			return nil
		}
	} else if !isGone(pid) {
		return nil
	}
	aside := fmt.Sprintf("%s.%d", l.name, os.Getpid())
	if err := l.call("Rename", func() error { return l.dir.Rename(l.name, aside) }); err != nil {
		return err
	}
	again, _, err := l.read(aside)
	if err != nil {
		return err
	}
	if bytes.Equal(again, judged) {
		l.s.arena.append(breaks, "%s", renamesAside)
	}
	return l.call("Unlink", func() error { return l.dir.Unlink(aside) })
}

func (l *asideLock) read(name string) (b []byte, written time.Time, err error) {
	f, err := l.dir.Open(name, fsys.OpenRead)
	if err != nil {
		return nil, time.Time{}, err
	}
	b, err = f.Read(1 << 10)
	return b, f.OpenInfo().ModTime, errors.Join(err, f.Close())
}

func (l *asideLock) release() error {
	err := l.call("Unlink", func() error { return l.dir.Unlink(l.name) })
	if goesAway(err) {
		return nil // it is another's that goes
	}
	return err
}
