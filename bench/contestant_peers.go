//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/gofrs/flock"
	"github.com/nightlyone/lockfile"
	"github.com/rogpeppe/go-internal/lockedfile"
)

type gofrs struct{ *flock.Flock }

func openGofrs(path string) (locker, error) { return gofrs{flock.New(path)}, nil }
func (l gofrs) lock(context.Context) error  { return l.Lock() }
func (l gofrs) unlock() error               { return l.Unlock() }

// gofrsRetry is what its users have who want to cancel.
type gofrsRetry struct{ gofrs }

func openGofrsRetry(path string) (locker, error) { return gofrsRetry{gofrs{flock.New(path)}}, nil }

func (l gofrsRetry) lock(ctx context.Context) error {
	ok, err := l.TryLockContext(ctx, 10*time.Millisecond)
	if err == nil && !ok {
		err = errors.New("not locked")
	}
	return err
}

type goInternal struct {
	mutex   *lockedfile.Mutex
	release func()
}

func openLockedfile(path string) (locker, error) {
	return &goInternal{mutex: lockedfile.MutexAt(path)}, nil
}

func (l *goInternal) lock(context.Context) (err error) {
	l.release, err = l.mutex.Lock()
	return err
}

func (l *goInternal) unlock() error {
	l.release()
	return nil
}

type certmagicStorage struct {
	certmagic.FileStorage
	name string
}

func openCertmagic(path string) (locker, error) {
	return &certmagicStorage{certmagic.FileStorage{Path: filepath.Dir(path)}, filepath.Base(path)}, nil
}

func (l *certmagicStorage) lock(ctx context.Context) error { return l.Lock(ctx, l.name) }
func (l *certmagicStorage) unlock() error                  { return l.Unlock(context.Background(), l.name) }

type nightlyone struct{ lockfile.Lockfile }

func openNightlyone(path string) (locker, error) {
	l, err := lockfile.New(path)
	return nightlyone{l}, err
}

func (l nightlyone) lock(context.Context) error { return l.TryLock() }
func (l nightlyone) unlock() error              { return l.Unlock() }

// dotlockfile is the command: -p writes its parent's pid, for its own is gone
// when the lock is held.
type dotlockfile struct{ path string }

func openDotlockfile(path string) (locker, error) { return dotlockfile{path}, nil }

func (l dotlockfile) lock(context.Context) error {
	return run(exec.Command("dotlockfile", "-l", "-p", "-r", "0", l.path))
}

func (l dotlockfile) unlock() error { return run(exec.Command("dotlockfile", "-u", l.path)) }

func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, out)
	}
	return nil
}
