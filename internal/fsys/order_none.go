//go:build (unix && !linux) || (linux && filelock_fcntl) || windows

package fsys

import "errors"

// Windows has a second byte range to offer, but calls on one synchronous handle
// wait for each other, so a place in the order could not be given up while the
// same handle waits for the lock: each order lock would need a handle of its own.
// And there is no way to ask who has a range but to lock it: whoever looks would
// stand in the order himself for that instant, and who asks for others has to give
// up his own place first, for LockFileEx excludes the handle's own lock too. The
// side file costs less.
const orderLocks = false

func (f *file) OrderLock(Order, LockMode, bool) error {
	return f.error("lock", errors.ErrUnsupported)
}

func (f *file) OrderUnlock() error { return f.error("unlock", errors.ErrUnsupported) }

func (f *file) OrderHeld(Order) (bool, error) { return false, f.error("lock", errors.ErrUnsupported) }
