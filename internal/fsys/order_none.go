//go:build (unix && !linux) || (linux && filelock_fcntl) || windows

package fsys

import "errors"

// Windows has a second byte range to offer, but calls on one synchronous handle
// wait for each other: a place in the order could not be given up while the
// same handle waits for the lock.
const orderLocks = false

func (f *file) OrderLock(Order, LockMode, bool) error {
	return f.error("lock", errors.ErrUnsupported)
}

func (f *file) OrderUnlock() error { return f.error("unlock", errors.ErrUnsupported) }

func (f *file) OrderHeld(Order) (bool, error) { return false, f.error("lock", errors.ErrUnsupported) }
