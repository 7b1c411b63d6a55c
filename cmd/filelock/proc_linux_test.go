package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func init() { roles["descriptors"] = descriptors }

// descriptors prints which descriptors it was started with, and what they are.
func descriptors() {
	for fd := range 256 {
		// Those that are close-on-exec are this program's own.
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC != 0 {
			continue
		}
		name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		if err != nil {
			name = err.Error()
		}
		status, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		fmt.Printf("%d %s %v\n", fd, filepath.Base(name), status&unix.O_NONBLOCK != 0)
	}
}

// catchesSignals: the process has asked for every signal, as in a wait. Its
// handlers do not show that, for the Go runtime has its own from the start; but
// there is a thread that takes what package signal asked for, and blocks the
// rest.
func catchesSignals(t *testing.T, pid int) bool {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		const asked = 1<<(syscall.SIGTERM-1) | 1<<(lastSignal-1)
		if blocked, ok := signalSet(task, "SigBlk:"); ok && blocked != 0 && blocked&asked == 0 {
			return true
		}
	}
	return false
}

func TestASignalWhileLockWaitsGrantsNothing(t *testing.T) {
	dir := t.TempDir()
	h := holding(t, dir, "x.lock")
	r := begin(t, command(dir, "lock", "--pid", strconv.Itoa(os.Getpid()), "x.lock"))
	waitFor(t, "it catches signals", func() bool { return catchesSignals(t, r.Process.Pid) })
	send(t, r.Process.Pid, syscall.SIGTERM)
	r.end(t).wantCode(t, exitSignal+15)
	h.letGo(t).wantCode(t, exitOK)
	wantGone(t, dir+"/x.lock")
}

func signalSet(proc, field string) (set uint64, ok bool) {
	b, err := os.ReadFile(proc + "/status")
	if err != nil {
		return 0, false
	}
	for l := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(l, field); ok {
			n, err := strconv.ParseUint(strings.TrimSpace(rest), 16, 64)
			return n, err == nil
		}
	}
	return 0, false
}

func TestABrokenStderrEndsNoWait(t *testing.T) {
	dir := t.TempDir()
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	h := holding(t, dir, "x.lock")
	cmd := command(dir, "run", "--verbose", "x.lock", "echo", "ran")
	cmd.Stderr = pw
	w := begin(t, cmd)
	waitFor(t, "it catches signals", func() bool { return catchesSignals(t, w.Process.Pid) })
	_ = pr.Close()
	send(t, w.Process.Pid, syscall.SIGPIPE) // if it had written before
	h.letGo(t).wantCode(t, exitOK)
	w.wantLine(t, "ran")
	w.end(t).wantCode(t, exitOK)
	_ = pw.Close()
}

func TestCOMMANDHasEveryInheritedDescriptorUnderItsNumber(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) *os.File {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	// Number 3 is free, 4, 5 and 10 to 12 are taken: by the shell, since
	// package exec cannot leave one out.
	const redirect = `exec 4>four 5>five 10>ten 11>eleven 12>twelve "$@"`
	for _, flags := range [][]string{nil, {"-o"}, {"--hard"}} {
		args := append(append([]string{"-c", redirect, "sh", "filelock", "run"}, flags...), "x.lock", "descriptors")
		cmd := exec.Command("bash", args...)
		cmd.Dir = dir
		nonblock := file("in")
		raw, err := nonblock.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := raw.Control(func(fd uintptr) { err = unix.SetNonblock(int(fd), true) }); err != nil {
			t.Fatal(err)
		}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = nonblock, file("out"), file("err")
		finish(t, cmd).wantCode(t, exitOK)
		b, err := os.ReadFile(dir + "/out")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for l := range strings.Lines(string(b)) {
			got = append(got, strings.TrimSpace(l))
		}
		want := []string{"0 in true", "1 out false", "2 err false", "4 four false", "5 five false", "10 ten false", "11 eleven false", "12 twelve false"}
		// What the test itself was started with comes on top.
		for _, w := range want {
			if !contains(got, w) {
				t.Errorf("%v: COMMAND does not have %q: %q", flags, w, got)
			}
		}
		if len(flags) > 0 && flags[0] == "-o" && strings.Contains(string(b), "x.lock") {
			t.Errorf("-o: COMMAND has the lock's descriptor: %q", got)
		}
		if len(flags) == 0 || flags[0] != "-o" {
			locks := lockLineOf.FindAllStringSubmatch(string(b), -1)
			if len(locks) != 1 || len(locks[0][1]) < 2 {
				t.Errorf("%v: COMMAND has the lock's descriptor as %q, want once, at 10 or above", flags, locks)
			}
		}
		if strings.Contains(string(b), "\n3 ") {
			t.Errorf("%v: COMMAND has a number 3: %q", flags, got)
		}
	}
}

var lockLineOf = regexp.MustCompile(`(?m)^(\d+) x\.lock false$`)

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// Where COMMAND does not hold the lock itself.
func TestCOMMANDIsKilledWithRun(t *testing.T) {
	for _, flags := range [][]string{{"-o"}, {"--lease", "10"}, {"--lease", "0", "--network"}, {"--network"}} {
		dir := t.TempDir()
		r, child := catching(t, dir, flags...)
		r.kill(t)
		waitFor(t, strings.Join(flags, " ")+": COMMAND is killed", func() bool {
			err := syscall.Kill(child, 0)
			return errors.Is(err, syscall.ESRCH) || zombie(child)
		})
		filelock(t, dir, append(append([]string{"run", "-w", "120"}, flags...), "x.lock", "true")...).wantCode(t, exitOK)
		wantEmptyDir(t, dir)
	}
}

func zombie(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(b), ") Z ")
}

func TestCOMMANDIsInRunsProcessGroup(t *testing.T) {
	r, child := catching(t, t.TempDir())
	run, err := unix.Getpgid(r.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if g, err := unix.Getpgid(child); err != nil || g != run {
		t.Errorf("COMMAND is in group %d, run in %d (%v)", g, run, err)
	}
}

func TestOnlyWhatWouldEndRunIsCaughtAndCOMMANDStartsAfresh(t *testing.T) {
	r := begin(t, command(t.TempDir(), "run", "x.lock", "sh", "-c", "echo up; read x"))
	r.wantLine(t, "up")
	caught, ok := signalSet(fmt.Sprintf("/proc/%d", r.Process.Pid), "SigCgt:")
	for _, sig := range []syscall.Signal{syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGCONT} {
		if !ok || caught&(1<<(sig-1)) != 0 {
			t.Errorf("run catches %v, which must have its default effect", sig)
		}
	}
	for _, field := range []string{"SigIgn:", "SigBlk:", "SigCgt:"} {
		before, err := exec.Command("grep", field, "/proc/self/status").Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := filelock(t, t.TempDir(), "run", "x.lock", "grep", field, "/proc/self/status").out; got != string(before) {
			t.Errorf("COMMAND has %q, without run it is %q", got, before)
		}
	}
}

func TestStoppingAndContinuingTheGroup(t *testing.T) {
	dir := t.TempDir()
	r, child := catching(t, dir)
	stopped := func(pid int) bool {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err == nil && strings.Contains(string(b), ") T ")
	}
	// An orphaned group ignores TSTP, so STOP stands in for the terminal here;
	// the test on the pseudo-terminal has the real thing.
	send(t, -r.Process.Pid, syscall.SIGSTOP)
	waitFor(t, "both are stopped", func() bool { return stopped(r.Process.Pid) && stopped(child) })
	filelock(t, dir, "run", "-n", "x.lock", "true").wantCode(t, exitConflict)
	send(t, -r.Process.Pid, syscall.SIGCONT)
	send(t, r.Process.Pid, syscall.SIGTERM)
	r.wantLine(t, "got terminated")
	r.end(t).wantCode(t, 9)
}
