package fsys

import "context"

// Real is the operating system's filesystem. Its Dirs and Files are raw
// descriptors (handles), not os.Files, for two reasons: an os.File that is
// dropped is closed by the garbage collector, and a kernel lock would silently
// end with it; and os.OpenFile registers what it opens with the poller, which
// costs system calls and is of no use for a regular file.
//
// A File is used by one goroutine at a time, for after Close the number of its
// descriptor belongs to somebody else. A Dir may be used by any number, but one
// that was opened is closed by the last of them. Operations after Close are
// fs.ErrClosed.
var Real FS = realFS{}

// LocksBelongToFile says that a kernel lock taken by TryLock belongs to the
// open file, and testifies about it. It is so where there is flock or LockFileEx.
// POSIX fcntl locks (Solaris, AIX) belong to the process. There, too, two Files
// in one process exclude each other, and closing one leaves the other's lock
// alone, for this package keeps account of its Files. But no child inherits a
// lock, directories have none, and whoever else in the process opens and closes
// the file drops it.
const LocksBelongToFile = locksBelongToFile

// OrderLocks says that an open file has order locks: locks of a byte range that
// belong to the open file and that the kernel keeps apart from the lock on the
// whole file. Linux has one (open file description locks, fcntl(2); its
// flock knows nothing of them). On the BSDs and macOS flock and fcntl exclude
// each other.
const OrderLocks = orderLocks

// Holders lists the processes that have a kernel lock on the inode id, sorted
// by PID, each once. It is for telling people: the answer is old when it
// arrives, and it is not complete. Processes whose descriptors this user may
// not see, or that live outside the visible PID namespace, are found only
// through /proc/locks or not at all. A process known by "/proc/locks" took the
// lock; a child that inherited it may have it now.
//
// It reads /proc, which takes milliseconds for hundreds of processes. When ctx
// ends, what was found so far is returned with the context's error. Outside
// Linux it is errors.ErrUnsupported.
func Holders(ctx context.Context, id ID) ([]Holder, error) { return holders(ctx, id) }
