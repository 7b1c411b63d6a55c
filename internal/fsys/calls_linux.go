package fsys

import (
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls with a name, on Linux. Package unix has them too, but it allocates
// the name anew for each, after this package has allocated the path: next to a
// system call of a microsecond that, and collecting it, can be seen. A handle
// asks for the same two names again and again, its lock's and its gate's, so a
// dir keeps one of each sort as the kernel takes it: the first that comes.
//
// None of these is a raw call, of which the scheduler does not know. That would
// save 40 ns, and any of them may wait for a disk or a server.
type names [2]atomic.Pointer[kernelName]

type kernelName struct {
	name string
	arg  []byte // the path or the name, and a NUL
}

// arg is a name that was checked, as the kernel takes it.
func (d *dir) arg(name string) ([]byte, error) {
	sort := 0
	if name[0] == '.' {
		sort = 1
	}
	kept := d.names[sort].Load()
	if kept != nil && kept.name == name {
		return kept.arg, nil
	}
	prefix := ""
	if d.fd == unix.AT_FDCWD {
		prefix = d.prefix
		if strings.IndexByte(prefix, 0) >= 0 {
			return nil, unix.EINVAL // it would end there
		}
	}
	b := make([]byte, len(prefix)+len(name)+1)
	copy(b[copy(b, prefix):], name)
	if kept == nil && d.fd == unix.AT_FDCWD { // that never changes
		d.names[sort].Store(&kernelName{strings.Clone(name), b})
	}
	return b, nil
}

func (d *dir) open(name string, flags int, perm uint32) (int, error) {
	arg, err := d.arg(name)
	if err != nil {
		return 0, err
	}
	flags |= unix.O_NOFOLLOW | unix.O_CLOEXEC | unix.O_LARGEFILE
	for {
		fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(d.fd), uintptr(unsafe.Pointer(&arg[0])), uintptr(flags), uintptr(perm), 0, 0)
		switch errno {
		case 0:
			return int(fd), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

func (d *dir) unlink(name string) error {
	arg, err := d.arg(name)
	if err != nil {
		return err
	}
	for {
		_, _, errno := unix.Syscall(unix.SYS_UNLINKAT, uintptr(d.fd), uintptr(unsafe.Pointer(&arg[0])), 0)
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return errno
		}
	}
}

// stat looks at a name and says what it is, unless info is nil.
func (d *dir) stat(name string, info *Info) error {
	arg, err := d.arg(name)
	if err != nil {
		return err
	}
	// lstat does not mount anything either (since Linux 4.11).
	return stat(d.fd, arg, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT, info)
}

// noName is the name of the descriptor itself, where there may be none.
var noName = []byte{0}

func statFD(fd int, info *Info) error { return stat(fd, noName, unix.AT_EMPTY_PATH, info) }

// kindFD goes without asking a server: what a network filesystem remembers of an
// open file's type and number does not change.
func kindFD(fd int, info *Info) error {
	return stat(fd, noName, unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, info)
}

// noStatx: this kernel is older than statx (Linux 4.11), or a sandbox older
// than it forbids it: then it is EPERM, which statx itself never is.
var noStatx atomic.Bool

// stat is statx rather than fstatat: it costs the same, and its numbers are as
// wide on every architecture.
func stat(fd int, arg []byte, flags int, info *Info) error {
	// Android's sandbox kills who makes a call that it does not know.
	if runtime.GOOS == "android" || noStatx.Load() {
		return oldStat(fd, string(arg[:len(arg)-1]), flags, info)
	}
	var st unix.Statx_t
	for {
		_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(fd), uintptr(unsafe.Pointer(&arg[0])), uintptr(flags), unix.STATX_BASIC_STATS|unix.STATX_MNT_ID_UNIQUE, uintptr(unsafe.Pointer(&st)), 0)
		switch errno {
		case 0:
			if info != nil {
				info.of(&st)
			}
			return nil
		case unix.EINTR:
		case unix.ENOSYS, unix.EPERM:
			noStatx.Store(true)
			return oldStat(fd, string(arg[:len(arg)-1]), flags, info)
		default:
			return errno
		}
	}
}

func oldStat(fd int, name string, flags int, info *Info) error {
	var st unix.Stat_t
	var err error
	if flags&unix.AT_EMPTY_PATH != 0 {
		err = fstat(fd, &st)
	} else {
		err = fstatat(fd, name, &st)
	}
	if err == nil && info != nil {
		*info = infoOf(&st)
	}
	return err
}

// of fills info in where it is to be: it is copied often enough on its way up.
func (info *Info) of(st *unix.Statx_t) {
	info.Mount = 0
	if st.Mask&unix.STATX_MNT_ID_UNIQUE != 0 { // since Linux 6.8
		info.Mount = st.Mnt_id
	}
	info.ID = ID{unix.Mkdev(st.Dev_major, st.Dev_minor), st.Ino}
	info.Size = int64(st.Size)
	info.Mode = fileMode(uint32(st.Mode))
	info.Links = uint64(st.Nlink)
	info.UID = st.Uid
	info.ModTime = time.Unix(st.Mtime.Sec, int64(st.Mtime.Nsec))
	info.ChangeTime = time.Unix(st.Ctime.Sec, int64(st.Ctime.Nsec))
}
