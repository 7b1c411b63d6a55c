package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The signals that are asked for in a wait only.

func TestOutsideOfAWaitRunAsksForNoMoreSignalsThanItNeeds(t *testing.T) {
	dir := t.TempDir()
	r, _ := catching(t, dir)
	for sig := range syscall.Signal(lastSignal + 1) {
		if !harmless(sig) {
			continue
		}
		if asksFor(t, r.Process.Pid, sig) {
			t.Errorf("run asks for %v", sig)
		}
		send(t, r.Process.Pid, sig) // it does not end run, nor go on to COMMAND
	}
	if !asksFor(t, r.Process.Pid, syscall.SIGTERM) {
		t.Error("the signals that run asks for are not to be seen here")
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
