//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/lock"
)

// bareFlock is flock(2) and nothing else. The file stays.
type bareFlock struct {
	path string
	fd   int
}

func openFlock(path string) (locker, error) { return &bareFlock{path: path, fd: -1}, nil }

func (l *bareFlock) lock(context.Context) error {
	fd, err := openBare(l.path)
	if err != nil {
		return err
	}
	if err := blockingFlock(fd); err != nil {
		return errors.Join(fmt.Errorf("flock %q: %w", l.path, err), unix.Close(fd))
	}
	l.fd = fd
	return nil
}

func openBare(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return fd, fmt.Errorf("open %q: %w", path, err)
	}
	return fd, nil
}

func blockingFlock(fd int) error {
	for {
		if err := unix.Flock(fd, unix.LOCK_EX); err != unix.EINTR {
			return err
		}
	}
}

func (l *bareFlock) unlock() error { return unix.Close(l.fd) }

// bareExcl creates the file and removes it. It does not wait.
type bareExcl struct {
	path   string
	record []byte
}

// openExcl writes as many bytes as a Soft does.
func openExcl(path string) (locker, error) {
	record, err := recordOf(lock.NewSoft(path + ".record"))
	if err != nil {
		return nil, err
	}
	return &bareExcl{path, record}, nil
}

// recordOf is what ours writes into its file.
func recordOf(l lock.Locker) ([]byte, error) {
	if err := l.TryLock(); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(l.Path())
	return b, errors.Join(err, l.Unlock())
}

func (l *bareExcl) lock(context.Context) error {
	fd, err := unix.Open(l.path, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return fmt.Errorf("create %q: %w", l.path, err)
	}
	_, err = unix.Write(fd, l.record)
	return errors.Join(err, unix.Close(fd))
}

func (l *bareExcl) unlock() error { return unix.Unlink(l.path) }

// behindMutex is how goroutines of one process would do it by hand: the file
// is for other processes only.
type behindMutex struct{ locker }

// theMutex is that of the one path that a process of this benchmark locks.
var theMutex sync.Mutex

func openMutexExcl(path string) (locker, error)  { return openBehindMutex(openExcl, path) }
func openMutexFlock(path string) (locker, error) { return openBehindMutex(openFlock, path) }

func openBehindMutex(open func(string) (locker, error), path string) (locker, error) {
	theMutex.Lock() // some lock to see the record
	defer theMutex.Unlock()
	l, err := open(path)
	return behindMutex{l}, err
}

func (l behindMutex) lock(ctx context.Context) error {
	theMutex.Lock()
	err := l.locker.lock(ctx)
	if err != nil {
		theMutex.Unlock()
	}
	return err
}

func (l behindMutex) unlock() error {
	defer theMutex.Unlock()
	return l.locker.unlock()
}
