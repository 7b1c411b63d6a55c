package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
)

// The signals that are asked for in a wait only.

func init() { roles["careful"] = careful }

// careful catches signals as run does, first without a wait, then as in one.
func careful() {
	s := catchSignals()
	fmt.Println("at first", os.Getpid())
	var line string
	_, _ = fmt.Scanln(&line)
	s.catchRest(nil)
	fmt.Println("then")
	_, _ = fmt.Scanln(&line)
}

func TestOutsideOfAWaitRunAsksForNoMoreSignalsThanItNeeds(t *testing.T) {
	emulation.SkipQemu(t, "it has other numbers for the signals from 32 on, and those are seen from outside")
	r := begin(t, exec.Command("careful"))
	r.line(t)
	asked := 0
	for sig := range syscall.Signal(lastSignal + 1) {
		if harmless(sig) && asksFor(t, r.Process.Pid, sig) {
			t.Errorf("%v is asked for at once", sig)
		}
		if harmless(sig) {
			asked++
			send(t, r.Process.Pid, sig) // and it ends nothing
		}
	}
	if asked < 30 || !asksFor(t, r.Process.Pid, syscall.SIGTERM) || !asksFor(t, r.Process.Pid, syscall.SIGUSR1) {
		t.Errorf("%d signals are harmless; of the others some are not asked for", asked)
	}
	if _, err := r.in.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
	r.wantLine(t, "then")
	for sig := range syscall.Signal(lastSignal + 1) {
		if harmless(sig) && !asksFor(t, r.Process.Pid, sig) {
			t.Errorf("%v is not asked for in a wait", sig)
		}
	}
	r.letGo(t).wantCode(t, exitOK)
}

// exists: qemu needs two for itself, and leaves the last ones out.
func exists(sig syscall.Signal) bool { return !emulation.Qemu() || sig < lastSignal-1 }

func TestSignalsThatConcernNobodyEndNothing(t *testing.T) {
	dir := t.TempDir()
	r, _ := catching(t, dir)
	for sig := range syscall.Signal(lastSignal + 1) {
		if harmless(sig) && exists(sig) {
			send(t, r.Process.Pid, sig)
		}
	}
	send(t, r.Process.Pid, syscall.SIGTERM)
	r.wantLine(t, "got terminated")
	r.end(t).wantCode(t, 9)
	wantGone(t, dir+"/x.lock")
}

// asksFor: the thread that takes what package signal asked for takes this one.
func asksFor(t *testing.T, pid int, sig syscall.Signal) bool {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if blocked, ok := signalSet(task, "SigBlk:"); ok && blocked != 0 && blocked&(1<<(sig-1)) == 0 {
			return true
		}
	}
	return false
}

func TestEverySignalEndsAWait(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGXCPU, syscall.SIGIO, syscall.SIGPWR, 35, lastSignal} {
		if !exists(sig) {
			continue
		}
		dir := t.TempDir()
		h := holding(t, dir, "x.lock")
		r := begin(t, command(dir, "run", "x.lock", "echo", "ran"))
		waitFor(t, "it catches signals", func() bool { return catchesSignals(t, r.Process.Pid) })
		send(t, r.Process.Pid, sig)
		r.end(t).wantCode(t, exitSignal+exitCode(sig))
		if line, ok := <-r.lines; ok {
			t.Errorf("%v: COMMAND ran: %q", sig, line)
		}
		h.letGo(t).wantCode(t, exitOK)
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%v: left behind: %v %v", sig, left, err)
		}
	}
}

func TestABrokenStderrDoesNotChangeTheExitCode(t *testing.T) {
	dir := t.TempDir()
	h := holding(t, dir, "x.lock")
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = pr.Close()
	defer func() { _ = pw.Close() }()
	cmd := command(dir, "run", "-n", "x.lock", "true")
	cmd.Stderr = pw
	finish(t, cmd).wantCode(t, exitConflict)
	h.letGo(t).wantCode(t, exitOK)
}

// Where nobody reads what is said, run can still be ended.
func TestASignalEndsRunThatCannotSayWhy(t *testing.T) {
	dir := t.TempDir()
	h := holding(t, dir, "x.lock")
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pr.Close() }()
	fd := int(pw.Fd())
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	for err == nil { // until the pipe is full
		_, err = syscall.Write(fd, []byte(strings.Repeat("x", 4096)))
	}
	if err := syscall.SetNonblock(fd, false); err != nil {
		t.Fatal(err)
	}
	cmd := command(dir, "run", "-n", "x.lock", "true")
	cmd.Stderr = pw
	r := begin(t, cmd)
	_ = pw.Close()
	waitFor(t, "it has asked for signals, and does not any more", func() bool {
		caught, ok := signalSet(fmt.Sprintf("/proc/%d", r.Process.Pid), "SigIgn:")
		return ok && caught&(1<<(syscall.SIGPIPE-1)) != 0 && !asksFor(t, r.Process.Pid, syscall.SIGUSR2)
	})
	send(t, r.Process.Pid, syscall.SIGTERM)
	if res := r.end(t); res.code != -1 {
		t.Errorf("exit code %d, not a signal", res.code)
	}
	h.letGo(t).wantCode(t, exitOK)
}

// SIGPIPE is asked for only when something is said.
func TestWhatNobodyReadsEndsNeitherRunNorItsCOMMAND(t *testing.T) {
	for _, flags := range [][]string{{"--verbose"}, {"--verbose", "--hard"}} {
		pr, pw, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		_ = pr.Close()
		dir := t.TempDir()
		cmd := command(dir, append(append([]string{"run"}, flags...), "x.lock", "do", "full x.lock", "exit 3")...)
		cmd.Stderr = pw
		finish(t, cmd).wantCode(t, 3)
		_ = pw.Close()
	}
}
