package lock

import (
	"context"
	"os"
	"time"

	"github.com/filelock-go/filelock/meta"
)

// File is the operating system's lock on a file: flock(2), LockFileEx on
// Windows, fcntl(2) where there is neither. It excludes every program that
// takes such a lock on the same file, flock(1) among them, and ends with the
// last open descriptor, so a dead owner cannot leave it behind. The file is
// made if there is none, and stays in place. An existing directory can be
// locked too. The zero File is a handle for the empty path, which cannot be
// locked.
//
// The file says who holds the lock, for people and for filelock inspect,
// unless [WithoutRecord] is set; a file with contents of its own is left as it
// is. (What another program appends to a hard lock's record counts as half of
// one, and is written over, while both are at most [meta.MaxSize] bytes.) On a
// file with the live record of a soft lock that holds no kernel lock, a File
// waits as for any owner.
type File struct{ handle }

// NewFile returns a handle for the hard lock on path. It never fails and
// touches nothing; what is wrong with path or options is the error of the
// first Lock. A relative path is resolved now.
func NewFile(path string, opts ...Option) *File {
	f := &File{}
	f.init(path, fileProtocol{}, opts)
	return f
}

// Lock takes the exclusive lock; see [Locker]. On a handle that holds the
// shared lock it is an error matching ErrShared, at once: there is no silent
// upgrade.
func (f *File) Lock(ctx context.Context) error { return f.lock(ctx, f.cfg.timeout) }

// LockWithin is Lock with d in place of the handle's timeout: 0 tries once,
// negative waits for ever.
func (f *File) LockWithin(ctx context.Context, d time.Duration) error { return f.lock(ctx, d) }

// TryLock is [Locker.TryLock].
func (f *File) TryLock() error { return f.tryLock(exclusive) }

// RLock takes the shared lock: when it returns nil, no other process that asks
// holds the exclusive one until Unlock; any number may hold the shared one. It
// writes no record. On a handle that holds the exclusive lock it nests, and
// the lock stays exclusive. Errors are those of Lock.
func (f *File) RLock(ctx context.Context) error { return f.rlock(ctx, f.cfg.timeout) }

// RLockWithin is RLock with d in place of the handle's timeout.
func (f *File) RLockWithin(ctx context.Context, d time.Duration) error { return f.rlock(ctx, d) }

// TryRLock is RLock that does not wait.
func (f *File) TryRLock() error { return f.tryLock(shared) }

// RLocker is the same handle with RLock for Lock and TryRLock for TryLock.
func (f *File) RLocker() Locker { return (*readLocker)(f) }

// Unlock is [Locker.Unlock], for the shared lock too. The file stays in place.
// The lock lives on in children that inherited a descriptor from [File.Dup].
// ErrLost when the path does not name the locked file any more: another may
// have locked the file that does.
func (f *File) Unlock() error { return f.unlock() }

// ForceUnlock ends the hold, however deeply it is nested, as that many Unlocks
// would; nil when the handle is not locked.
func (f *File) ForceUnlock() error { return f.forceUnlock() }

// Locked is [Locker.Locked], for the shared lock too.
func (f *File) Locked() bool { return f.locked() }

// Path is [Locker.Path].
func (f *File) Path() string { return f.path }

// Lost is [Locker.Lost]. A hold is checked at its last Unlock only, so the
// channel stays open.
func (f *File) Lost() <-chan struct{} { return f.lost() }

// Record is what the present hold is known by; false when there is no hold, or
// only a shared one.
func (f *File) Record() (meta.Record, bool) { return f.record() }

// Dup returns a duplicate of the lock's descriptor for a child process. The
// lock ends when the last duplicate is closed: after Unlock, a child that has
// one still holds the lock. ErrNotLocked when there is no hold,
// errors.ErrUnsupported where descriptors cannot be inherited.
func (f *File) Dup() (*os.File, error) { return f.dup() }

// readLocker is a File whose Lock is shared.
type readLocker File

func (r *readLocker) file() *File                    { return (*File)(r) }
func (r *readLocker) Lock(ctx context.Context) error { return r.file().RLock(ctx) }
func (r *readLocker) TryLock() error                 { return r.file().TryRLock() }
func (r *readLocker) Unlock() error                  { return r.file().Unlock() }
func (r *readLocker) Locked() bool                   { return r.file().Locked() }
func (r *readLocker) Path() string                   { return r.file().Path() }
func (r *readLocker) Lost() <-chan struct{}          { return r.file().Lost() }
