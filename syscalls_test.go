//go:build linux

package filelock_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/lock"
)

// The marks in the trace: paths that do not exist, asked for by the process.
const (
	beginMark = "/filelock-test-begin"
	endMark   = "/filelock-test-end"
)

// costRounds is how often each lock is taken and released in the trace. The
// minimum counts: in between the runtime has calls of its own now and then.
const costRounds = 10

func init() {
	// cost KIND DIR: takes and releases a lock a few times, between marks.
	// KIND is soft or file; with -again it is the same handle each time, which
	// knows the mount, or finds its own record in the file; file-left is a new
	// one each time, which has to read whose the record is.
	roles["cost"] = func(args []string) error {
		runtime.LockOSThread()
		kind, dir := args[0], args[1]
		again := lock.NewFile(filepath.Join(dir, "left"))
		softAgain := lock.NewSoft(filepath.Join(dir, "soft"))
		plain := lock.NewFile(filepath.Join(dir, "plain"), lock.WithoutRecord())
		for i := range costRounds {
			path := filepath.Join(dir, fmt.Sprint(i))
			var l lock.Locker
			switch kind {
			case "soft":
				l = lock.NewSoft(path)
			case "file":
				l = lock.NewFile(path)
			case "soft-again":
				l = softAgain
			case "file-again":
				l = again
			case "plain-again":
				l = plain
			case "file-left":
				l = lock.NewFile(again.Path())
			}
			mark(beginMark)
			err := errors.Join(l.Lock(bg), l.Unlock())
			mark(endMark)
			if err != nil {
				return err
			}
		}
		return nil
	}
}

func mark(path string) { _ = syscall.Access(path, 0) }

func TestALockAndUnlockCostsFewSystemCalls(t *testing.T) {
	emulation.SkipQemu(t, "strace sees the emulator's system calls as well")
	strace, err := exec.LookPath("strace")
	if err != nil {
		skip(t, "there is no strace to count with")
	}
	if out, err := exec.Command(strace, "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		skip(t, "strace cannot trace here: %v: %s", err, out)
	}
	// file-left has no bound, for its file has to be read; it is reported.
	for kind, want := range map[string]string{
		"soft":        "statfs stat openat flock stat stat pwrite stat unlinkat close",
		"soft-again":  "stat openat flock stat stat pwrite stat unlinkat close",
		"file":        "openat fstatfs fcntl flock stat stat pwrite close",
		"file-again":  "openat stat fcntl flock stat pwrite close",
		"plain-again": "openat stat fcntl flock stat close",
		"file-left":   "",
	} {
		t.Run(kind, func(t *testing.T) {
			trace := filepath.Join(t.TempDir(), "trace")
			// Everything that takes a path or a descriptor.
			cmd := exec.Command(strace, "-f", "-o", trace, "-e", "trace=%file,%desc", os.Args[0], kind, t.TempDir())
			cmd.Env = append(os.Environ(), roleVar+"=cost")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			b, err := os.ReadFile(trace)
			must(t, err)
			var least []string
			rounds := spans(string(b))
			if len(rounds) != costRounds {
				t.Fatalf("%d pairs of marks in the trace, want %d:\n%s", len(rounds), costRounds, b)
			}
			for _, calls := range rounds[1:] { // the first finds no file
				if least == nil || len(calls) < len(least) {
					least = calls
				}
			}
			t.Logf("%d system calls:\n%s", len(least), strings.Join(least, "\n"))
			got := callNames(least)
			if kind == "soft-again" && got == "statfs "+want {
				t.Log("this kernel does not number its mounts, so a soft lock asks each time what is mounted")
				return
			}
			if got != want && want != "" {
				t.Errorf("a lock and an unlock took %d system calls:\n%s, want\n%s", len(least), got, want)
			}
		})
	}
}

// callNames are the system calls without their arguments, and without what
// depends on the kernel's age and the machine's architecture.
func callNames(calls []string) string {
	var names []string
	for _, c := range calls {
		name, _, _ := strings.Cut(c, "(")
		switch name {
		case "statx", "newfstatat", "fstatat64", "fstat", "fstat64":
			name = "stat"
		case "pwrite64":
			name = "pwrite"
		case "statfs64", "fstatfs64", "fcntl64":
			name = strings.TrimSuffix(name, "64")
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// ofRuntime are the calls with a descriptor that the Go runtime makes for
// itself, whatever the program does.
var ofRuntime = regexp.MustCompile(`^(epoll_|eventfd|mmap|pselect6|poll|ppoll)`)

// spans returns the system calls between each pair of marks. Those of all
// threads count: some of the work may be done in another goroutine.
func spans(trace string) [][]string {
	var out [][]string
	var calls []string
	in := false
	for line := range strings.Lines(trace) {
		_, call, _ := strings.Cut(strings.TrimSpace(line), " ") // the thread's id
		call = strings.TrimSpace(call)
		switch {
		case strings.Contains(call, beginMark):
			calls, in = []string{}, true
		case strings.Contains(call, endMark):
			if in {
				out = append(out, calls)
			}
			in = false
		case !in, ofRuntime.MatchString(call), strings.HasPrefix(call, "<... "), strings.HasPrefix(call, "---"), strings.HasPrefix(call, "+++"):
		default:
			calls = append(calls, call)
		}
	}
	return out
}
