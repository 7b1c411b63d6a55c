package fsys

import "golang.org/x/sys/windows"

// LockFileEx locks belong to the handle. They are mandatory: what is locked
// cannot be read or written through another handle.
const locksBelongToFile = true

// lockAt is the one byte that is locked, 4 EiB into the file, where there is no
// record to be read. Locking beyond the end is allowed (LockFileEx, "Remarks").
var lockAt = windows.Overlapped{OffsetHigh: 1 << 30}

// TryLock converts by letting go first, for a handle's own lock excludes its
// next one: in between another may take it.
func (f *file) TryLock(mode LockMode) error {
	return f.lock(mode, windows.LOCKFILE_FAIL_IMMEDIATELY)
}

// Lock blocks, for the handle is a synchronous one (LockFileEx, "Remarks").
func (f *file) Lock(mode LockMode) error { return f.lock(mode, 0) }

func (f *file) lock(mode LockMode, flags uint32) error {
	if f.locked {
		if err := f.Unlock(); err != nil {
			return err
		}
	}
	if mode == Exclusive {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	at := lockAt
	switch err := windows.LockFileEx(f.handle, flags, 0, 1, 0, &at); err {
	case nil:
		f.locked = true
		return nil
	case windows.ERROR_LOCK_VIOLATION:
		return f.error("lock", ErrLocked)
	default:
		return f.error("lock", err)
	}
}

// Unlock asks nobody when there is nothing to unlock: the lock is the handle's,
// which is this File's alone.
func (f *file) Unlock() error {
	if !f.locked && f.handle != windows.InvalidHandle {
		return nil
	}
	at := lockAt
	if err := windows.UnlockFileEx(f.handle, 0, 1, 0, &at); err != nil {
		return f.error("unlock", err)
	}
	f.locked = false
	return nil
}
