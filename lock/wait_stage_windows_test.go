package lock_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/filelock-go/filelock/lock"
)

// Windows does not tell who waits for a lock. So a process that is blocked says it
// itself, by a file in a directory beside the lock's.

func blockedDir(path string) string { return filepath.Dir(path) + ".blocked" }

// isBlocked: this process has a thread for a path, and all that it has are in
// the system call.
func isBlocked(path string) bool {
	if lock.ParkedAt(path) == 0 {
		return false
	}
	b, blocked := make([]byte, 4<<20), 0
	for s := range strings.SplitSeq(string(b[:runtime.Stack(b, true)]), "\n\n") {
		if state, _, _ := strings.Cut(s, "\n"); strings.Contains(state, "[syscall") && strings.Contains(s, "lock.parkedWaiter(") {
			blocked++
		}
	}
	return blocked == lock.Parked()
}

// saysWhenBlocked says so until the process ends.
func saysWhenBlocked(path string) {
	sign := filepath.Join(blockedDir(path), strconv.Itoa(os.Getpid()))
	if err := os.MkdirAll(filepath.Dir(sign), 0o755); err != nil {
		panic(err)
	}
	for now := false; ; time.Sleep(time.Millisecond) {
		var err error
		switch is := isBlocked(path); {
		case is && !now:
			err = os.WriteFile(sign, nil, 0o644)
			now = true
		case !is && now:
			err = os.Remove(sign)
			now = false
		}
		if err != nil {
			panic(err)
		}
	}
}

// inOrder is how many processes are blocked on a lock's file or at its gate.
func inOrder(t *testing.T, _, path string) (n int) {
	t.Helper()
	signs, err := os.ReadDir(blockedDir(path))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, s := range signs {
		pid, err := strconv.Atoi(s.Name())
		must(t, err)
		h, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(pid))
		if err != nil {
			continue // it has ended
		}
		if ended, err := windows.WaitForSingleObject(h, 0); err == nil && ended == uint32(windows.WAIT_TIMEOUT) {
			n++
		}
		must(t, windows.CloseHandle(h))
	}
	if isBlocked(path) {
		n++
	}
	return n
}

// blocked waits until a thread is blocked on the lock's file, or at its gate.
func blocked(t *testing.T, path string) {
	t.Helper()
	until(func() bool { return inOrder(t, "", path) > 0 })
}

var (
	ntdll   = windows.NewLazySystemDLL("ntdll.dll")
	suspend = ntdll.NewProc("NtSuspendProcess")
	resume  = ntdll.NewProc("NtResumeProcess")
)

func told(t *testing.T, p *process, call *windows.LazyProc) {
	t.Helper()
	h, err := windows.OpenProcess(windows.PROCESS_SUSPEND_RESUME, false, uint32(p.Process.Pid))
	must(t, err)
	if status, _, _ := call.Call(uintptr(h)); status != 0 {
		t.Fatal(call.Name, fmt.Errorf("status %#x", status))
	}
	must(t, windows.CloseHandle(h))
}

// stop stops a process with all its threads.
func stop(t *testing.T, p *process) { t.Helper(); told(t, p, suspend) }

func goOn(t *testing.T, p *process) { t.Helper(); told(t, p, resume) }

// openBelow counts the files in a directory that somebody has open.
func openBelow(t *testing.T, dir string) (n int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		path, err := windows.UTF16PtrFromString(filepath.Join(dir, e.Name()))
		must(t, err)
		h, err := windows.CreateFile(path, windows.GENERIC_READ, 0, nil, windows.OPEN_EXISTING, windows.FILE_ATTRIBUTE_NORMAL, 0)
		switch err {
		case nil:
			must(t, windows.CloseHandle(h))
		case windows.ERROR_SHARING_VIOLATION:
			n++
		case windows.ERROR_FILE_NOT_FOUND:
		default:
			t.Fatal(err)
		}
	}
	return n
}
