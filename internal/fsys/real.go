package fsys

import (
	"context"
	"io/fs"
)

// Real is the operating system's filesystem. Its Dirs and Files are raw
// descriptors (handles), not os.Files, for two reasons: an os.File that is
// dropped is closed by the garbage collector, and a kernel lock would silently
// end with it; and os.OpenFile registers what it opens with the poller, which
// costs system calls and is of no use for a regular file.
//
// A Dir or File is used by one goroutine at a time, for after Close the number
// of its descriptor belongs to somebody else. Operations after Close are
// fs.ErrClosed.
var Real FS = realFS{}

// LocksBelongToFile says that a kernel lock taken by TryLock belongs to the
// open file: two Files in one process exclude each other, and closing one
// leaves the other's lock alone. It is so where there is flock or LockFileEx.
// With POSIX fcntl locks (Solaris, AIX), which belong to the process, none of
// that is true, and the locks say nothing about Files.
const LocksBelongToFile = locksBelongToFile

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

// kindError says that a name is another kind of thing than the one asked for.
type kindError struct{ is, want string }

func (e *kindError) Error() string        { return "is " + e.is + ", not " + e.want }
func (e *kindError) Is(target error) bool { return target == ErrIrregular }

// notRegular describes what was found where a regular file was looked for.
func notRegular(m fs.FileMode) error { return &kindError{kindOf(m), "a regular file"} }

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "a regular file"
	case m.IsDir():
		return "a directory"
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	case m&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "something special"
}

// accepts says whether what was found may be opened this way.
func (how OpenFlag) accepts(m fs.FileMode) bool {
	return m.IsRegular() || m.IsDir() && how&OpenDirToo != 0
}
