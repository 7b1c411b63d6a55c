package fsys

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// holders looks at the descriptors of every process, for that is where a lock
// is whoever took it: a child has its parent's. A descriptor is compared by
// what stat says of it, as id was made; /proc/locks has the device of the
// superblock, which is another one on btrfs and overlay.
func holders(ctx context.Context, id ID) ([]Holder, error) {
	found := map[int]Holder{}
	looked := map[int]bool{} // whose descriptors were all seen
	err := eachProcess(ctx, func(proc *dir, pid int) {
		h, all := lockOf(proc, pid, id)
		if h != nil {
			found[pid] = *h
		}
		looked[pid] = all
	})
	if err == nil {
		err = takers(id, func(pid int, mode LockMode) {
			if _, ok := found[pid]; !ok && !looked[pid] && exists(pid) {
				found[pid] = Holder{pid, mode, "/proc/locks"}
			}
		})
	}
	out := make([]Holder, 0, len(found))
	for _, h := range found {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b Holder) int { return cmp.Compare(a.PID, b.PID) })
	return out, err
}

// eachProcess calls yield with /proc opened and a process id.
func eachProcess(ctx context.Context, yield func(proc *dir, pid int)) (err error) {
	opened, err := Real.OpenDir("/proc")
	if err != nil {
		return err
	}
	proc := opened.(*dir)
	defer func() {
		if cerr := proc.Close(); err == nil {
			err = cerr
		}
	}()
	var pids []int
	if err := proc.List(func(e Entry) bool {
		if pid, ok := number(e.Name); ok {
			pids = append(pids, pid)
		}
		return true
	}); err != nil {
		return err
	}
	for _, pid := range pids {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		yield(proc, pid)
	}
	return nil
}

// lockOf says which lock on the inode a process has a descriptor of, if any.
// all is false when not all of its descriptors could be seen: it ended, or it
// belongs to somebody else.
func lockOf(proc *dir, pid int, id ID) (h *Holder, all bool) {
	base := strconv.Itoa(pid)
	fds, err := openDir(proc.fd, base+"/fd", "/proc/"+base+"/fd")
	if err != nil {
		return nil, false
	}
	defer func() { _ = fds.Close() }() // a directory in /proc: nothing to lose
	all = true
	err = fds.List(func(e Entry) bool {
		same, err := isInode(fds.(*dir).fd, e.Name, id)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			all = false
		}
		if !same {
			return true
		}
		info, err := readAll(proc.fd, base+"/fdinfo/"+e.Name)
		if err != nil {
			all = false
			return true
		}
		for line := range bytes.Lines(info) {
			rest, ok := bytes.CutPrefix(line, []byte("lock:"))
			if !ok {
				continue
			}
			if l, ok := parseLock(string(rest)); ok && (h == nil || l.mode > h.Mode) {
				h = &Holder{pid, l.mode, "descriptor"}
			}
		}
		return true
	})
	return h, all && err == nil
}

// isInode says whether the descriptor name in /proc/PID/fd is open on id. It
// does not ask the server of a network filesystem, which may be gone, and with
// it everybody who asks (statx(2), AT_STATX_DONT_SYNC).
func isInode(fds int, name string, id ID) (bool, error) {
	var st unix.Statx_t
	err := ignoringEINTR(func() error {
		return unix.Statx(fds, name, unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, unix.STATX_INO, &st)
	})
	return err == nil && st.Ino == id.Ino && st.Dev_major == unix.Major(id.Dev) && st.Dev_minor == unix.Minor(id.Dev), err
}

// takers calls yield for the takers of locks on the inode in /proc/locks.
func takers(id ID, yield func(pid int, mode LockMode)) error {
	b, err := readAll(unix.AT_FDCWD, "/proc/locks")
	if err != nil {
		return &fs.PathError{Op: "read", Path: "/proc/locks", Err: err}
	}
	inode := fmt.Sprintf("%02x:%02x:%d", unix.Major(id.Dev), unix.Minor(id.Dev), id.Ino)
	for line := range bytes.Lines(b) {
		// An open file description lock belongs to no process: its pid is -1.
		if l, ok := parseLock(string(line)); ok && l.inode == inode && l.pid > 0 {
			yield(l.pid, l.mode)
		}
	}
	return nil
}

type lockLine struct {
	mode  LockMode
	pid   int
	inode string // MAJOR:MINOR:INODE, the device in hexadecimal
}

// parseLock reads a line of /proc/locks (proc_locks(5)), which is also what
// follows "lock:" in fdinfo:
//
//	1: FLOCK  ADVISORY  WRITE 713 08:01:4711 0 EOF
//
// It wants locks that are held: "->" follows the number of one that is waited
// for. A lease is no lock.
func parseLock(line string) (l lockLine, ok bool) {
	f := strings.Fields(line)
	if len(f) < 6 {
		return l, false
	}
	switch f[1] {
	case "FLOCK", "POSIX", "OFDLCK":
	default:
		return l, false
	}
	switch f[3] {
	case "READ":
		l.mode = Shared
	case "WRITE":
		l.mode = Exclusive
	default:
		return l, false
	}
	pid, err := strconv.Atoi(f[4])
	if err != nil {
		return l, false
	}
	l.pid, l.inode = pid, f[5]
	return l, true
}

// exists says whether there is such a process. It asks for the process group,
// which needs no right to the process, is not hidden as /proc/PID may be
// (hidepid), and is no signal. Nothing here calls kill(2) to look at a process,
// not even with signal 0: what is never sent cannot reach the wrong one.
func exists(pid int) bool {
	_, err := unix.Getpgid(pid)
	return err != unix.ESRCH
}

func number(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n > 0
}

// readAll reads a file of /proc. The kernel makes these up in pieces and says
// nothing about their size.
func readAll(dirfd int, name string) ([]byte, error) {
	fd, err := openat(dirfd, name, unix.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = closeFD(fd) }() // nothing was written
	var b []byte
	for {
		b = slices.Grow(b, 4096)
		n, err := pread(fd, b[len(b):cap(b)], int64(len(b)))
		if err != nil || n == 0 {
			return b, err
		}
		b = b[:len(b)+n]
	}
}
