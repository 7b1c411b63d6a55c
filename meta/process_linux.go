package meta

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

const maxOwnPID = math.MaxInt32 // pid_t

// look asks through a pidfd: it stays with one process whatever becomes of the
// pid, and its readability is the kernel's word that every thread has ended,
// which neither kill(2) nor the state in /proc can tell (a process whose first
// thread has ended is a Z there and runs).
func look(pid int) Process {
	fd, err := unix.PidfdOpen(pid, 0) // close-on-exec, always (pidfd_open(2))
	switch err {
	case nil:
		defer unix.Close(fd)
		return lookThrough(fd, pid)
	case unix.ESRCH:
		return Process{State: Gone}
	}
	// ENOSYS and EPERM: kernels before 5.3 and old container filters. EMFILE and
	// the like: nothing to do with the process. EINVAL, since 6.15 ENOENT: the
	// number is in use, but not for a process: it is a thread's, or that of a
	// process group or session whose leader is gone.
	return lookByID(pid)
}

func lookThrough(fd, pid int) Process {
	if ended, err := hasEnded(fd); ended || err != nil {
		return endedOr(ended, "", err)
	}
	start, unread := readStart(pid)
	// Asked again: if the process has not ended by now, the pid was its own
	// while the start was read.
	ended, err := hasEnded(fd)
	return endedOr(ended, start, errors.Join(err, unread))
}

func endedOr(ended bool, start string, err error) Process {
	if ended {
		return Process{State: Exited}
	}
	return Process{State: Running, Start: start, Err: err}
}

// hasEnded says whether every thread of the process has.
func hasEnded(pidfd int) (bool, error) {
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, 0)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return false, fmt.Errorf("poll of a pidfd: %w", err)
		}
		return n == 1 && fds[0].Revents&unix.POLLIN != 0, nil
	}
}

// lookByID asks whether any task has the id. getpgid needs no privilege
// (SELinux may refuse it) and finds zombies too: nothing is said of Exited here.
func lookByID(pid int) Process {
	switch _, err := unix.Getpgid(pid); err {
	case unix.ESRCH:
		return Process{State: Gone}
	case nil, unix.EPERM, unix.EACCES:
		start, unread := readStart(pid)
		return Process{State: Running, Start: start, Err: unread}
	default:
		return Process{Err: fmt.Errorf("getpgid %d: %w", pid, err)}
	}
}

// readStart is in the clock of our own time namespace, whatever the other
// process has: the kernel adds the reader's offset.
func readStart(pid int) (string, error) {
	if err := trustProc(); err != nil {
		return "", err
	}
	path := "/proc/" + strconv.Itoa(pid) + "/stat"
	stat, err := readFile(path)
	if err != nil {
		return "", err
	}
	start, err := parseProcStat(stat)
	if err != nil {
		return "", fmt.Errorf("read %q: %w", path, err)
	}
	return start, nil
}

// trustProc is asked every time: a mount may change under a running process.
func trustProc() error {
	link, err := os.Readlink("/proc/self")
	if err != nil {
		return err
	}
	status, err := readFile("/proc/self/status")
	if err != nil {
		return err
	}
	if !isProcOf(os.Getpid(), link, status) {
		return errForeignProc
	}
	return nil
}

func about(pid int) (userName, program string) {
	if trustProc() != nil {
		return "", ""
	}
	dir := "/proc/" + strconv.Itoa(pid)
	if status, err := readFile(dir + "/status"); err == nil {
		if uids := procStatusField(status, "Uid"); len(uids) > 0 {
			if uid, err := strconv.ParseUint(uids[0], 10, 32); err == nil { // real
				userName = userOf(uint32(uid))
			}
		}
	}
	// comm names a script where exe names its interpreter, but is cut to 15 bytes.
	if comm, err := readFile(dir + "/comm"); err == nil {
		program = filepath.Base(strings.TrimSuffix(string(comm), "\n"))
	}
	if exe, err := os.Readlink(dir + "/exe"); err == nil {
		if whole := filepath.Base(exe); program == "" || len(program) == 15 && strings.HasPrefix(whole, program) {
			program = strings.TrimSuffix(whole, " (deleted)")
		}
	}
	return userName, program
}

func bootID() string {
	b, err := readFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return cleanID(b)
}

func machineID() string {
	for _, path := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if b, err := readFile(path); err == nil {
			if id := cleanMachineID(b); id != "" {
				return id
			}
		}
	}
	return ""
}

func pidNamespace() string  { return namespace("pid") }
func timeNamespace() string { return namespace("time") }

// namespace is the inode number of the namespace (namespaces(7)). Under any
// /proc, "self" is this process.
func namespace(kind string) string {
	var st unix.Stat_t
	if err := unix.Stat("/proc/self/ns/"+kind, &st); err != nil {
		return ""
	}
	return strconv.FormatUint(st.Ino, 10)
}

// A kernel may be built without a kind of namespace, and those before 5.6 have
// no time namespaces: there /proc shows the other kinds (mount namespaces
// cannot be left out) and not this one. It is the kernel's answer, so it holds
// for every process of it.
var (
	hasPIDNamespaces  = sync.OnceValue(func() bool { return !lacksNamespace("pid") })
	hasTimeNamespaces = sync.OnceValue(func() bool { return !lacksNamespace("time") })
)

func lacksNamespace(kind string) bool {
	if namespace("mnt") == "" {
		return false
	}
	_, err := os.Lstat("/proc/self/ns/" + kind)
	return errors.Is(err, fs.ErrNotExist)
}
