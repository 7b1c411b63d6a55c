// Package fsys is the filesystem as this project needs it: one interface, so
// that a simulated filesystem can be put under the very same lock and reaper
// code, and one real implementation, [Real].
//
// Every method of [Dir] and [File] is meant to be one system call, or one look
// made of calls whose order does not matter; nothing above this package talks
// to the filesystem in any other way. No method follows a symbolic link in the
// last component of a path, and none blocks on what it finds there (a FIFO, a
// device).
//
// Errors are *fs.PathError with the full path and the operating system's error
// inside; EINTR is retried here and never seen by callers.
package fsys

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// Errors that callers tell apart. Everything else is the operating system's
// own (fs.ErrExist, fs.ErrNotExist, fs.ErrPermission ... through errors.Is).
var (
	// ErrLocked: another open file holds a kernel lock that excludes the one asked for.
	ErrLocked = errors.New("locked by another open file")
	// ErrUnlocked: no open file holds a kernel lock that excludes the exclusive one
	// asked for, which this File cannot have, for it is not open for writing.
	ErrUnlocked = errors.New("it is locked by no other open file, and not open for writing")
	// ErrIrregular: the name is not a regular file (a symbolic link, directory, FIFO, socket or device).
	ErrIrregular = errors.New("not a regular file")
	// ErrDeletePending: the file was deleted on a filesystem that keeps its name
	// until nobody has it open any more (Windows, without POSIX deletion: FAT, many
	// servers). Nothing can be made, opened or seen under that name meanwhile, which
	// a process that has the file open can make last as long as it likes. It says
	// nothing about permissions. It matches fs.ErrExist for who makes a file, and
	// fs.ErrNotExist for everybody else.
	ErrDeletePending = errors.New("the file was deleted, and its name stays until no program has it open any more")
)

// FS is where names are looked up.
type FS interface {
	// At names a directory without opening it: each operation resolves path
	// again. It costs nothing, cannot fail and needs no Close.
	At(path string) Dir
	// OpenDir opens a directory, so that the names below it are looked up in
	// that very directory whatever happens to its path. The last component of
	// path is not followed when it is a symbolic link (ErrIrregular). Windows
	// has no such lookups: there the directory cannot be renamed or removed
	// until it is closed, and is found by its path.
	OpenDir(path string) (Dir, error)
}

// Dir is a directory in which single names are looked up. The name "." is the
// directory itself, for Lstat and OpenDir only. What is not a single name (empty, "..", with
// a separator or a NUL) is refused before any system call.
type Dir interface {
	// Path is the directory's path as given, for messages.
	Path() string
	// Create makes the file name, which must not exist (fs.ErrExist):
	// O_CREAT|O_EXCL|O_RDWR|O_CLOEXEC|O_NOFOLLOW.
	Create(name string, perm fs.FileMode) (File, error)
	// Open opens an existing file, or with OpenCreate makes it if there is none.
	// Anything but a regular file is ErrIrregular and is closed again; a
	// directory is allowed with OpenDirToo (errors.ErrUnsupported on Windows).
	// With OpenRead alone such a thing is not even opened, unless it takes the
	// place of a regular file in that instant; with OpenWrite it is, without
	// waiting: who does not know what the name is should Lstat it first.
	Open(name string, how OpenFlag) (File, error)
	// Lstat says what name is, not what it points to.
	Lstat(name string) (Info, error)
	// Has says whether there is something called name, of whatever kind. Unlike
	// Lstat it makes nothing of the answer no but that answer.
	Has(name string) (bool, error)
	// Unlink removes the name of a file, never of a directory. Where a file that is
	// open would keep its name it is given another first, see AsideName.
	Unlink(name string) error
	// Rename gives a file another name in the directory. What has that name is
	// replaced, as far as the system can.
	Rename(name, to string) error
	// Class is the class of the filesystem in which a new name would be made.
	Class() (Class, error)
	// OpenDir opens the directory name below this one. A symbolic link, FIFO,
	// socket or device is ErrIrregular; a regular file is the operating
	// system's error for that (ENOTDIR).
	//
	// OpenDir(".") opens the directory itself, so that all names are looked up
	// in one directory from then on. As with any name in it, a symbolic link in
	// the last component of its path is followed. The right to read the
	// directory is not needed (where the system has a way), so the result
	// cannot List.
	OpenDir(name string) (Dir, error)
	// Sync has the names in the directory outlive a power cut (fsync of the
	// directory). Where directories cannot be synced it does nothing.
	Sync() error
	// List calls yield for every name in the directory but "." and "..", in the
	// filesystem's order, in bounded memory, until yield returns false. Only a
	// Dir that was opened can list, and only once.
	List(yield func(Entry) bool) error
	// Close releases the descriptor, if there is one.
	Close() error
}

// OpenFlag says how Dir.Open opens.
type OpenFlag uint8

const (
	OpenRead   OpenFlag = 0         // for reading only
	OpenWrite  OpenFlag = 1 << iota // for reading and writing
	OpenCreate                      // make the file, mode 0644 before the umask, if there is none
	OpenDirToo                      // a directory is as good as a regular file (it is opened for reading)
	OpenListed                      // for reading, what List or Lstat just said to be a regular file: there is no other look before
	OpenOwn                         // for reading, like OpenListed, a file of one's own of which only the inode and the contents matter: what OpenInfo says else may be old
)

// Entry is one name in a directory. Type has only the type bits, and is
// fs.ModeIrregular where the filesystem did not say (Lstat then tells).
type Entry struct {
	Name string
	Type fs.FileMode
}

// ID names one inode among all that exist at this moment on this machine. The
// numbers are reused as soon as the last name and descriptor are gone.
type ID struct{ Dev, Ino uint64 }

// Info is what the filesystem says about an inode.
type Info struct {
	ID
	Size       int64
	Mode       fs.FileMode // type and permission bits, and fs.ModeSticky
	Links      uint64
	UID        uint32 // 0 where there are no user ids
	ModTime    time.Time
	ChangeTime time.Time // zero where there is none
	// Mount is the mount through which the inode was found: a number that is
	// never used again before the next boot. 0 where it is not to be had.
	Mount uint64
}

// LockMode is the strength of a kernel lock.
type LockMode uint8

const (
	Shared LockMode = iota
	Exclusive
)

// Order is one of an open file's two order locks.
type Order uint8

const (
	Turn     Order = iota // held by the one whose turn it is
	Presence              // shared by all who wait for their turn
)

// File is an open file (or, with OpenDirToo, directory). Its descriptor is
// close-on-exec and is closed only by Close: a File that is dropped keeps its
// kernel lock until the process ends.
type File interface {
	// OpenInfo is what Info said when Dir.Open opened the file; zero after Create,
	// but for the ID where a lock needed that (fcntl).
	OpenInfo() Info
	// Info is fstat.
	Info() (Info, error)
	// Kind is Info of which only the inode, its type and the mount are sure to be
	// right: these do not change, so no server is asked.
	Kind() (Info, error)
	// Read reads from the beginning to the end of the file, at most max bytes.
	Read(max int) ([]byte, error)
	// ReadInto is Read into the caller's memory, len(b) bytes at most. It is for
	// a file that was just opened, for what it read is the whole file, without
	// another call, when that is as long as OpenInfo said.
	ReadInto(b []byte) (n int, err error)
	// Write writes all of b at the beginning with one call; fewer bytes written is io.ErrShortWrite.
	// It does not keep b.
	Write(b []byte) error
	// Truncate cuts the file to size bytes.
	Truncate(size int64) error
	// Extend makes the file at least size bytes long, by writing its last byte if
	// that is not there. It never makes the file shorter, whatever another does
	// meanwhile. What it writes is a dot; what it passes over reads as NULs.
	Extend(size int64) error
	// Touch sets the file's times to now by the clock that the filesystem goes by
	// (a server's, where there is one), without looking at its name.
	Touch() error
	// Sync has what was written reach the disk, or the server (fsync).
	Sync() error
	// Chmod sets the permission bits exactly, past the umask.
	Chmod(perm fs.FileMode) error
	// TryLock takes a kernel lock on the whole file (flock, LockFileEx, fcntl
	// where there is neither) without waiting, or converts the one held by this
	// File; ErrLocked when another open file's lock excludes it.
	//
	// Conversion is not atomic: the lock held is dropped first, so that after
	// ErrLocked this File may hold none (flock(2); LockFileEx has no conversion
	// at all). Exclusive needs OpenWrite where the lock is fcntl's, which
	// includes NFS and SMB mounts on Linux (flock(2), "NFS details"). Where the
	// system can say that nobody excludes it the error matches ErrUnlocked.
	TryLock(mode LockMode) error
	// Unlock drops the kernel lock, also for every duplicate of the descriptor.
	Unlock() error
	// Lock is TryLock that waits until the lock is granted: nothing ends it
	// before, not even closing the File from another goroutine, which must not be
	// done. It blocks its thread. Who waits is let through in the order of coming
	// as far as the kernel keeps one.
	Lock(mode LockMode) error
	// OrderLock takes one of the open file's order locks, which know nothing of
	// the lock itself or of each other. They decide nothing; they are for those
	// who wait for the lock, to do so in order. With wait it blocks like Lock,
	// else ErrLocked when another open file's excludes it. A conversion that is
	// refused leaves what was held. Exclusive needs OpenWrite.
	// errors.ErrUnsupported unless [OrderLocks].
	OrderLock(o Order, mode LockMode, wait bool) error
	// OrderUnlock drops both order locks; nil when there is none. It may be
	// called while another goroutine is blocked in Lock or OrderLock.
	OrderUnlock() error
	// OrderHeld says whether another open file has the order lock.
	OrderHeld(o Order) (bool, error)
	// Class is the class of the filesystem the file is on.
	Class() (Class, error)
	// Dup duplicates the descriptor for a child process. The kernel lock ends
	// when the last duplicate is closed. errors.ErrUnsupported where a
	// descriptor cannot be given to a child.
	Dup() (*os.File, error)
	// Close closes the descriptor, and so drops the kernel lock unless a
	// duplicate of it lives on. When it returns no copy is left in a child
	// that this process was starting meanwhile.
	Close() error
	// CloseOnly is Close that leaves the kernel lock to the descriptor: it ends
	// with it, or when a child that this process is just starting has closed its
	// copy, an instant later.
	CloseOnly() error
}

// Class is what kind of filesystem something is on.
type Class struct {
	Type  string // "ext4", "tmpfs", "nfs", ...; "0x1234" when the number is not known
	Local bool   // only this machine's kernel can open its inodes; false when not known to be so
}

// KernelBacked: the kernel's locks testify about owners here, because no other
// kernel can open these inodes and the locks belong to the open file rather
// than to the process.
func (c Class) KernelBacked() bool { return c.Local && LocksBelongToFile }

// KeepsNames: the name of a file that is unlinked stays, and nothing can be made
// under it, for as long as anybody has the file open, on another machine too. So
// it is over SMB, where the server deletes at the last close (MS-FSA, "delete
// pending"); a file that is renamed first leaves its name at once.
func (c Class) KeepsNames() bool {
	switch c.Type {
	case "cifs", "smb", "smb2", "smbfs":
		return true
	}
	return namesStay && !c.Local
}

// Holder is a live process that has a lock on a file.
type Holder struct {
	PID     int
	Mode    LockMode
	KnownBy string // "descriptor" (its open file has the lock), "/proc/locks" (it took it)
}
