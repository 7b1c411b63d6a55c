//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/lock"
)

// The bounds are no locks that anybody should use. Each does the least of
// something that this project promises, bare, in Go. A library that promises it
// cannot be quicker; what it takes beyond its bound is its own doing.

const (
	aboutCalls = "Bare, what the protocol prescribes: create, flock, statx of the descriptor and of the path, write; statx of the path, unlink, close."
	aboutOrder = "Bare, what ours asks of the kernel: open, statx of the descriptor, a look whether others wait in order (F_OFD_GETLK), flock, statx of the path, and write if there is a record; close."
)

// calls are the system calls of the protocol, those that ours makes when nobody
// is in the way. They check what the kernel says, and do nothing else: the path
// was made ready for the kernel once, the record was written once, and whatever
// is in the way is an error.
type calls struct {
	path   string
	name   *byte // path, as the kernel takes it
	record []byte
	fd     int
	id     fileID
}

// fileID is how a path and a descriptor are compared.
type fileID struct {
	major, minor uint32
	inode        uint64
}

func newCalls(path string, record []byte) (calls, error) {
	name, err := unix.BytePtrFromString(path)
	return calls{path: path, name: name, record: record, fd: -1}, err
}

var here = unix.AT_FDCWD

func (l *calls) create() error { return l.open(unix.O_RDWR | unix.O_CREAT | unix.O_EXCL) }

func (l *calls) open(flags int) error {
	flags |= unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(here), uintptr(unsafe.Pointer(l.name)), uintptr(flags), 0o644, 0, 0)
	if errno != 0 {
		return fmt.Errorf("open %q: %w", l.path, errno)
	}
	l.fd = int(fd)
	return nil
}

func (l *calls) flock() error { return unix.Flock(l.fd, unix.LOCK_EX|unix.LOCK_NB) }

// identify asks which file is open.
func (l *calls) identify() (size uint64, err error) {
	var empty [1]byte
	st, err := statx(l.fd, &empty[0], unix.AT_EMPTY_PATH)
	l.id = idOf(&st)
	return st.Size, err
}

// named asks whether the path still names it.
func (l *calls) named() error {
	st, err := statx(here, l.name, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT)
	if err == nil && idOf(&st) != l.id {
		err = fmt.Errorf("%q is another file now", l.path)
	}
	return err
}

func statx(at int, name *byte, flags int) (st unix.Statx_t, err error) {
	_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(at), uintptr(unsafe.Pointer(name)), uintptr(flags), unix.STATX_BASIC_STATS, uintptr(unsafe.Pointer(&st)), 0)
	if errno != 0 {
		return st, fmt.Errorf("statx: %w", errno)
	}
	return st, nil
}

func idOf(st *unix.Statx_t) fileID { return fileID{st.Dev_major, st.Dev_minor, st.Ino} }

func (l *calls) write() error {
	_, err := unix.Pwrite(l.fd, l.record, 0)
	return err
}

func (l *calls) unlink() error {
	_, _, errno := unix.Syscall(unix.SYS_UNLINKAT, uintptr(here), uintptr(unsafe.Pointer(l.name)), 0)
	if errno != 0 {
		return fmt.Errorf("unlink %q: %w", l.path, errno)
	}
	return nil
}

func (l *calls) close() error { return unix.Close(l.fd) }

// softCalls are those of a soft lock, but for the look whether others wait.
type softCalls struct{ calls }

func openSoftCalls(path string) (locker, error) {
	record, err := recordOf(lock.NewSoft(path + ".record"))
	if err != nil {
		return nil, err
	}
	c, err := newCalls(path, record)
	return &softCalls{c}, err
}

func (l *softCalls) lock(context.Context) error {
	if err := l.create(); err != nil {
		return err
	}
	if err := l.flock(); err != nil {
		return err
	}
	size, err := l.identify()
	if err != nil {
		return err
	}
	if size != 0 {
		return fmt.Errorf("%q has something in it already", l.path)
	}
	if err := l.named(); err != nil {
		return err
	}
	return l.write()
}

func (l *softCalls) unlock() error {
	if err := l.named(); err != nil {
		return err
	}
	return errors.Join(l.unlink(), l.close())
}

// hardCalls are those of a hard lock, with the look whether others wait, which
// is in the file itself; without a record if it has none.
type hardCalls struct{ calls }

func openHardCalls(path string) (locker, error) {
	c, err := newCalls(path, nil)
	return &hardCalls{c}, err
}

func openHardCallsRecord(path string) (locker, error) {
	record, err := recordOf(lock.NewFile(path + ".record"))
	if err != nil {
		return nil, err
	}
	c, err := newCalls(path, record)
	return &hardCalls{c}, err
}

// orderAt is where ours has its order locks.
const orderAt = 1<<62 + 1

func (l *hardCalls) lock(context.Context) error {
	if err := l.open(unix.O_RDWR | unix.O_CREAT | unix.O_NOCTTY | unix.O_NONBLOCK); err != nil {
		return err
	}
	if _, err := l.identify(); err != nil {
		return err
	}
	others := unix.Flock_t{Type: unix.F_WRLCK, Start: orderAt, Len: 1}
	if err := unix.FcntlFlock(uintptr(l.fd), unix.F_OFD_GETLK, &others); err != nil {
		return err
	}
	if others.Type != unix.F_UNLCK {
		return fmt.Errorf("others wait for %q", l.path)
	}
	if err := l.flock(); err != nil {
		return err
	}
	if err := l.named(); err != nil || l.record == nil {
		return err
	}
	return l.write()
}

func (l *hardCalls) unlock() error { return l.close() }

// Behind a sync.Mutex they are what the checks alone cost at a hand-over. That is
// no bound of who hands an open file, still locked, to the next goroutine.

func openMutexSoftCalls(path string) (locker, error) { return openBehindMutex(openSoftCalls, path) }
func openMutexHardCalls(path string) (locker, error) { return openBehindMutex(openHardCalls, path) }
func openMutexHardCallsRecord(path string) (locker, error) {
	return openBehindMutex(openHardCallsRecord, path)
}
