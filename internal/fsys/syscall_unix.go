//go:build unix

package fsys

import (
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// closedFD is the descriptor of what has been closed. It is not AT_FDCWD on
// any system, and the kernel says EBADF to it.
const closedFD = -1

// ignoringEINTR repeats a system call that a signal interrupted. The Go runtime
// installs its handlers with SA_RESTART, which leaves filesystems that are
// interrupted anyway (NFS mounted intr, FUSE) and handlers of foreign code.
func ignoringEINTR(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// openat never follows a link in the last component, and no program that is
// started later inherits the descriptor.
func openat(dirfd int, name string, flags int, perm uint32) (int, error) {
	for {
		fd, err := unix.Openat(dirfd, name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, perm)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

func fstatat(dirfd int, name string, st *unix.Stat_t) error {
	return ignoringEINTR(func() error { return unix.Fstatat(dirfd, name, st, unix.AT_SYMLINK_NOFOLLOW) })
}

func fstat(fd int, st *unix.Stat_t) error {
	return ignoringEINTR(func() error { return unix.Fstat(fd, st) })
}

// closeFD does not repeat close after EINTR: the descriptor is released all the
// same on Linux and the BSDs (close(2), "Dealing with error returns"), and the
// number may be somebody else's by then.
func closeFD(fd int) error {
	if err := unix.Close(fd); err != unix.EINTR {
		return err
	}
	return nil
}

func infoOf(st *unix.Stat_t) Info {
	return Info{
		ID:         ID{uint64(st.Dev), uint64(st.Ino)},
		Size:       st.Size,
		Mode:       fileMode(uint32(st.Mode)),
		Links:      uint64(st.Nlink),
		UID:        st.Uid,
		ModTime:    time.Unix(st.Mtim.Unix()),
		ChangeTime: time.Unix(st.Ctim.Unix()),
	}
}

func fileMode(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	if mode&unix.S_ISVTX != 0 {
		m |= fs.ModeSticky
	}
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		m |= fs.ModeDir
	case unix.S_IFLNK:
		m |= fs.ModeSymlink
	case unix.S_IFIFO:
		m |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		m |= fs.ModeSocket
	case unix.S_IFCHR:
		m |= fs.ModeDevice | fs.ModeCharDevice
	case unix.S_IFBLK:
		m |= fs.ModeDevice
	default:
		m |= fs.ModeIrregular
	}
	return m
}
