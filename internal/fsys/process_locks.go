//go:build unix

package fsys

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// processLocks makes locks of open files out of locks of the process, which
// is all that some systems have (fcntl(2)). There two open files of one process
// do not exclude each other, and when the process closes any descriptor of a
// file, all its locks on that file are gone. So it is kept here who has what in
// this process, for every inode:
//
//   - A lock is granted when no other open file of this process excludes it and
//     the kernel grants it to the process, which has the strongest of what its
//     open files have.
//   - While one is held or waited for in the kernel no descriptor of the inode
//     is closed, one that was open for reading only neither: it is kept as a
//     spare, and is what the next open of that inode gets. So there are never
//     more spares than descriptors were open at once.
//   - A wait in the kernel is not believed: what it was granted belongs to the
//     process, and another open file may have changed it before the one that
//     waited runs again. It asks once more, without waiting, while nobody else
//     of this process can.
//
// Of these, only descriptors that this package opened are known. A program that
// opens and closes a lock's file by other means drops its own lock.
//
// It stands in a file for all systems, and takes its system calls as functions,
// so that it is tested where the tests run.
type processLocks struct {
	setlk func(fd int, typ int16, wait bool) error // F_SETLK and F_SETLKW of the whole file
	getlk func(fd int) (typ int16, err error)      // F_GETLK for an exclusive one
	close func(fd int) error

	spares atomic.Int64 // in all inodes

	mu     sync.Mutex
	inodes map[ID]*lockedInode
}

// lockedInode is one inode's part. It is there while somebody uses, holds, or
// keeps a descriptor of it; as its descriptors are open that long, its number
// is nobody else's.
type lockedInode struct {
	users int // who is in a method of processLocks; guarded by processLocks.mu

	mu      sync.Mutex
	changed *sync.Cond       // a holder has gone, or has less
	holders map[int]LockMode // by descriptor
	blocked [2]int           // waits in the kernel, by mode
	spares  []spare
}

// spare is a descriptor that was to be closed.
type spare struct{ fd, access int }

func newProcessLocks(setlk func(int, int16, bool) error, getlk func(int) (int16, error), closeFD func(int) error) *processLocks {
	return &processLocks{setlk: setlk, getlk: getlk, close: closeFD, inodes: make(map[ID]*lockedInode)}
}

// enter finds an inode's part and locks it. leave must follow.
func (p *processLocks) enter(id ID) *lockedInode {
	p.mu.Lock()
	l := p.inodes[id]
	if l == nil {
		l = &lockedInode{holders: make(map[int]LockMode)}
		l.changed = sync.NewCond(&l.mu)
		p.inodes[id] = l
	}
	l.users++
	p.mu.Unlock()
	l.mu.Lock()
	return l
}

func (p *processLocks) leave(id ID, l *lockedInode) {
	l.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	// Without another user nobody changes what is looked at here.
	if l.users--; l.users == 0 && len(l.holders) == 0 && len(l.spares) == 0 {
		delete(p.inodes, id)
	}
}

// lock takes a lock for a descriptor, or converts the one it has.
func (p *processLocks) lock(id ID, fd int, mode LockMode, wait bool) error {
	l := p.enter(id)
	defer p.leave(id, l)
	for pause, granted := time.Duration(0), false; ; {
		err := ErrLocked
		if !l.excludes(fd, mode) {
			err = p.raise(l, fd, mode)
		}
		if err != ErrLocked && err != nil && granted {
			err = errors.Join(err, p.setlk(fd, l.has(), false))
		}
		if err != ErrLocked || !wait {
			return err
		}
		// Who waits to convert lets go first: else two who do wait for each other.
		if err := p.drop(l, fd); err != nil {
			return err
		}
		if l.excludes(fd, mode) { // the kernel cannot know
			granted = false
			l.changed.Wait()
			continue
		}
		err = p.block(l, fd, mode)
		granted = err == nil
		if errors.Is(err, unix.EDEADLK) {
			// The kernel has counted the locks of all goroutines as one's: that one of
			// them has what another process waits for while another of them waits for
			// that process is no deadlock. It must be asked again.
			pause = min(max(2*pause, time.Millisecond), 64*time.Millisecond)
			l.mu.Unlock()
			time.Sleep(pause)
			l.mu.Lock()
		} else if err != nil {
			return err
		}
	}
}

// excludes says whether another open file of this process stands in the way.
// One that waits for a shared lock does, too: when the kernel grants it, that
// would take an exclusive lock away from the process.
func (l *lockedInode) excludes(fd int, mode LockMode) bool {
	if mode == Exclusive && l.blocked[Shared] > 0 {
		return true
	}
	for other, has := range l.holders {
		if other != fd && (mode == Exclusive || has == Exclusive) {
			return true
		}
	}
	return false
}

// has is the lock type that the process must have for its open files.
func (l *lockedInode) has() int16 {
	typ := int16(unix.F_UNLCK)
	for _, mode := range l.holders {
		if mode == Exclusive {
			return unix.F_WRLCK
		}
		typ = unix.F_RDLCK
	}
	return typ
}

func lockType(mode LockMode) int16 {
	if mode == Exclusive {
		return unix.F_WRLCK
	}
	return unix.F_RDLCK
}

// raise asks the kernel, unless the process has what it takes: what its open
// files have it has at least.
func (p *processLocks) raise(l *lockedInode, fd int, mode LockMode) error {
	typ := lockType(mode)
	if l.has() != typ {
		switch err := p.setlk(fd, typ, false); {
		case err == nil:
		case err == unix.EACCES, err == unix.EAGAIN: // POSIX allows both
			return ErrLocked
		case err == unix.EBADF && mode == Exclusive:
			// It is open for reading only. Whether somebody excludes it can be said.
			switch other, gerr := p.getlk(fd); {
			case gerr != nil:
				return err
			case other != unix.F_UNLCK:
				return ErrLocked
			}
			return fmt.Errorf("%w: %w", ErrUnlocked, err)
		default:
			return err
		}
	}
	before, held := l.holders[fd]
	l.holders[fd] = mode
	if held && before == Exclusive && mode == Shared {
		l.changed.Broadcast()
	}
	return nil
}

// block waits in the kernel. With nil it only says that it is worth asking.
func (p *processLocks) block(l *lockedInode, fd int, mode LockMode) error {
	l.blocked[mode]++
	l.mu.Unlock()
	err := p.setlk(fd, lockType(mode), true)
	l.mu.Lock()
	l.blocked[mode]--
	l.changed.Broadcast()
	if err == nil && l.excludes(fd, mode) {
		// It is not for this one: the process keeps what it had.
		err = p.setlk(fd, l.has(), false)
	}
	if err == nil {
		return nil // what keeps the spares is this one now
	}
	return errors.Join(err, p.closeSpares(l))
}

// drop takes from a descriptor what it has.
func (p *processLocks) drop(l *lockedInode, fd int) error {
	mode, held := l.holders[fd]
	if !held {
		return nil
	}
	before := l.has()
	delete(l.holders, fd)
	if l.has() == before { // others share it
		return nil
	}
	if err := p.setlk(fd, l.has(), false); err != nil {
		l.holders[fd] = mode
		return err
	}
	l.changed.Broadcast()
	return p.closeSpares(l)
}

// closeSpares closes what need not be kept any more.
func (p *processLocks) closeSpares(l *lockedInode) error {
	if len(l.spares) == 0 || l.pinned() {
		return nil
	}
	var errs []error
	for _, s := range l.spares {
		errs = append(errs, p.close(s.fd))
	}
	p.spares.Add(-int64(len(l.spares)))
	l.spares = nil
	return errors.Join(errs...)
}

// pinned: to close a descriptor now would take a lock from somebody.
func (l *lockedInode) pinned() bool { return len(l.holders)+l.blocked[Shared]+l.blocked[Exclusive] > 0 }

// unlock takes from a descriptor what it has, which may be nothing.
func (p *processLocks) unlock(id ID, fd int) error {
	l := p.enter(id)
	defer p.leave(id, l)
	return p.drop(l, fd)
}

// closeFD is the end of a descriptor and of its lock. The descriptor is not the
// caller's any more, whatever is returned.
func (p *processLocks) closeFD(id ID, fd int) error {
	l := p.enter(id)
	defer p.leave(id, l)
	err := p.drop(l, fd)
	if err != nil { // then closing has to do it
		delete(l.holders, fd)
		l.changed.Broadcast()
	}
	if !l.pinned() {
		return errors.Join(err, p.close(fd), p.closeSpares(l))
	}
	flags, ferr := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if ferr != nil {
		// Nobody can be given what it is not known to be open for.
		flags = -1
	}
	l.spares = append(l.spares, spare{fd, flags & unix.O_ACCMODE})
	p.spares.Add(1)
	return err
}

// reopen gives a spare of the inode that was opened for reading, or for reading
// and writing, as access says.
func (p *processLocks) reopen(id ID, access int) (fd int, ok bool) {
	l := p.enter(id)
	defer p.leave(id, l)
	for i, s := range l.spares {
		if s.access == access {
			l.spares = append(l.spares[:i], l.spares[i+1:]...)
			p.spares.Add(-1)
			return s.fd, true
		}
	}
	return -1, false
}
