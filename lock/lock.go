// Package lock is a lock between processes, made of a file.
//
//	l := lock.NewSoft("/var/lib/job/job.lock")
//	err := lock.Do(ctx, l, func(ctx context.Context) error {
//		// No other process that locks this path is in here now.
//		return work(ctx)
//	})
//
// There are two kinds behind one interface, [Locker]. A [Soft] lock is held by
// whoever created the file; the file says who that is, and it is gone when
// nobody holds the lock. A [File] lock is the operating system's lock on the
// file, which stays in place. Both are advisory: they exclude those who ask.
//
// A soft lock whose owner died, by whatever signal or error, is taken over
// by the next contender: it proves the death (package reaper has the rules)
// and breaks the lock in such a way that a fresh lock cannot be removed by
// mistake. A live owner never loses its lock to another program of this
// project.
//
// One handle is one owner. Locks through a handle nest, per handle and not per
// goroutine: goroutines that share a handle do not exclude each other. Handles
// cost nothing; make one for each owner. Two handles exclude each other, in
// one process too.
//
// On a local filesystem a waiter is woken the moment the owner lets go or ends,
// and waiters are served first come, first served: the goroutines of a process
// in memory, processes by a gate, which is a kernel lock on a side file named
// .NAME.gate that is there while somebody waits (for a hard lock on Linux it is
// in the lock's own file). The order is a courtesy and not a promise: TryLock and shared
// locks take no part in it, who waits for long tries out of turn now and then,
// and a hard lock may pass between goroutines of one process for 10 ms before
// programs that know nothing of the gate get their turn.
//
// Who waits may leave a blocked thread behind for as long as the lock is held:
// no call can end it. It owns nothing, and lets go at once of what it gets. At
// most 64 are blocked at once, one for each path as a rule; leak checkers know the
// goroutine as
//
//	github.com/filelock-go/filelock/lock.parkedWaiter
//
// On a network filesystem, where no kernel can testify for another host, a soft
// lock has a lease: see [WithLease]. Who waits there looks at the file, about once
// a second.
//
// What it does not promise: rm and programs that follow no protocol can remove
// a lock file at any time (the owner learns of it from Unlock, as [ErrLost]).
package lock

import (
	"context"
	"os"
	"time"

	"github.com/filelock-go/filelock/meta"
)

// Locker is a lock on a path. [Soft] and [File] are Lockers, and so is what
// [File.RLocker] returns; all their methods may be called from any goroutine,
// Unlock from another than Lock.
type Locker interface {
	// Lock takes the lock, waiting while another owner has it or others wait
	// before it, until ctx is done or the handle's timeout is over. When it returns nil, no other
	// process and no other handle that asks holds the lock until Unlock. On a
	// held handle it nests: that many Unlocks are then needed.
	//
	// Contention that outlasts the wait is a *HeldError: it matches ErrHeld,
	// and with a timeout or a deadline also ErrTimeout. A ctx done on entry is
	// returned as it is, and nothing is tried.
	Lock(ctx context.Context) error

	// TryLock is Lock that does not wait: a *HeldError matching ErrHeld if
	// another owner has the lock.
	TryLock() error

	// Unlock undoes one Lock; the last one lets others have the lock.
	// ErrNotLocked if the handle is not locked; ErrLost if the lock was taken
	// away meanwhile, so that another owner may have been in. The last Unlock
	// ends the hold whatever it returns.
	Unlock() error

	// Locked says whether the handle holds the lock. It is false from the
	// moment the lock is known to be lost: the moment its lease is over by this
	// process's clock, which goes on while the machine is suspended. A lock
	// without a lease is checked at its last Unlock only.
	Locked() bool

	// Path is the absolute path of the lock file.
	Path() string

	// Lost is closed when the present hold is known to be lost; nil when there
	// is none. A normal Unlock does not close it. See Locked for when a loss is
	// noticed.
	Lost() <-chan struct{}
}

// Soft is a lock that is held by whoever created the file. Its methods are
// those of [Locker], [Soft.LockWithin], [Soft.ForceUnlock], [Soft.Record] and
// [Soft.Dup]. The zero Soft is a handle for the empty path, which cannot be
// locked.
type Soft struct{ handle }

var (
	_ Locker = (*Soft)(nil)
	_ Locker = (*File)(nil)
)

// NewSoft returns a handle for the soft lock at path. It never fails and
// touches nothing; what is wrong with path or options is the error of the
// first Lock. A relative path is resolved now.
func NewSoft(path string, opts ...Option) *Soft {
	s := &Soft{}
	s.init(path, softProtocol{}, opts)
	return s
}

// Lock is [Locker.Lock]. A lock whose owner is dead is broken and taken,
// unless [WithoutReaping] is set.
//
// Errors, next to those of Locker: ErrNotLockFile for a file that is no lock,
// *fs.PathError otherwise. A dead owner's lock that this user may not remove is a
// *HeldError matching fs.ErrPermission, at once.
func (s *Soft) Lock(ctx context.Context) error { return s.lock(ctx, s.cfg.timeout) }

// LockWithin is Lock with d in place of the handle's timeout: 0 tries once,
// negative waits for ever.
func (s *Soft) LockWithin(ctx context.Context, d time.Duration) error { return s.lock(ctx, d) }

// TryLock is [Locker.TryLock]. An owner that died is no contention: its lock
// is broken, and then taken. A process that only looks at the lock, or is just
// breaking it, is not taken for its owner.
func (s *Soft) TryLock() error { return s.tryLock(exclusive) }

// Unlock is [Locker.Unlock]: the last one removes the lock file. ErrLost when
// the path does not name this hold's file any more.
func (s *Soft) Unlock() error { return s.unlock() }

// ForceUnlock ends the hold, however deeply it is nested, as that many Unlocks
// would; nil when the handle is not locked.
func (s *Soft) ForceUnlock() error { return s.forceUnlock() }

// Locked is [Locker.Locked].
func (s *Soft) Locked() bool { return s.locked() }

// Path is [Locker.Path].
func (s *Soft) Path() string { return s.path }

// Lost is [Locker.Lost]. It is closed when the lease is over, before any other
// owner may have the lock, or when a renewal finds the lock gone; without a lease
// the hold is checked at its last Unlock only, so the channel stays open.
func (s *Soft) Lost() <-chan struct{} { return s.lost() }

// Record is what the present hold wrote into the lock file, its token among
// it; false when there is no hold.
func (s *Soft) Record() (meta.Record, bool) { return s.record() }

// Fence is the fence of the present hold (see [WithFence]); 0 when there is none.
func (s *Soft) Fence() uint64 {
	r, _ := s.record()
	return r.Fence
}

// Dup returns a duplicate of the lock's descriptor for a child process. While
// the child has it open, the lock counts as held even if this process dies:
// the kernel's lock on the file lives with it. Unlock releases the lock
// nevertheless. ErrNotLocked when there is no hold, errors.ErrUnsupported
// where descriptors cannot be inherited, and of a lock that is not the kernel's:
// one with a lease, or on a network filesystem.
func (s *Soft) Dup() (*os.File, error) { return s.dup() }
