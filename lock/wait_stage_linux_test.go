package lock_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func init() {
	// flock PATH: another program, which knows of flock(2) only. It lets go at
	// the next line, or when its input ends.
	roles["flock"] = func(args []string) error {
		fd, err := syscall.Open(args[0], syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o644)
		if err != nil {
			return err
		}
		if err := syscall.Flock(fd, syscall.LOCK_EX); err != nil {
			return err
		}
		fmt.Println("held")
		in := bufio.NewReader(os.Stdin)
		if _, err := in.ReadString('\n'); err == nil {
			if err := syscall.Flock(fd, syscall.LOCK_UN); err != nil {
				return err
			}
			fmt.Println("free")
		}
		_, err = io.Copy(io.Discard, in)
		return err
	}
}

// kernelLocks counts the locks of one type ("FLOCK", "OFDLCK") that the kernel
// knows on a file, and those that wait for one.
func kernelLocks(t *testing.T, typ, path string) (held, waiting int) {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return 0, 0
	}
	inode := fmt.Sprintf("%02x:%02x:%d", unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)), st.Ino)
	b, err := os.ReadFile("/proc/locks")
	must(t, err)
	for line := range strings.Lines(string(b)) {
		fields := strings.Fields(line)
		blocked := len(fields) > 1 && fields[1] == "->"
		if blocked {
			fields = append(fields[:1], fields[2:]...)
		}
		switch {
		case len(fields) < 6 || fields[1] != typ || fields[5] != inode:
		case typ == "OFDLCK" && fields[3] != "WRITE": // says that somebody is present
		case blocked:
			waiting++
		default:
			held++
		}
	}
	return held, waiting
}

// inOrder is how many processes stand in the order for a lock of a kind: who
// waits for it and those who wait for their turn.
func inOrder(t *testing.T, kind, path string) int {
	t.Helper()
	if kind == "soft" {
		held, waiting := kernelLocks(t, "FLOCK", gateOf(path))
		return held + waiting
	}
	held, waiting := kernelLocks(t, "OFDLCK", path)
	return held + waiting
}

// blocked waits until a thread is blocked on the lock's file, or at its gate.
func blocked(t *testing.T, path string) {
	t.Helper()
	until(func() bool {
		_, file := kernelLocks(t, "FLOCK", path)
		_, turn := kernelLocks(t, "OFDLCK", path)
		_, gate := kernelLocks(t, "FLOCK", gateOf(path))
		return file+turn+gate > 0
	})
}

// stop stops a process with all its threads.
func stop(t *testing.T, p *process) {
	t.Helper()
	must(t, p.Process.Signal(syscall.SIGSTOP))
	until(func() bool {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.Process.Pid))
		must(t, err)
		for _, task := range tasks {
			b, err := os.ReadFile(task)
			if err != nil {
				continue // it has ended
			}
			_, after, _ := strings.Cut(string(b), ") ")
			if after[0] != 'T' {
				return false
			}
		}
		return true
	})
}

func goOn(t *testing.T, p *process) {
	t.Helper()
	must(t, p.Process.Signal(syscall.SIGCONT))
}

// openBelow counts the descriptors of files in a directory.
func openBelow(t *testing.T, dir string) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	for _, e := range entries {
		if of, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(of, dir) {
			n++
		}
	}
	return n
}

// saysWhenBlocked is for where the kernel does not.
func saysWhenBlocked(string) {}
