package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
)

func init() {
	roles["interruptible"] = func() { heed(2) }
	roles["closable"] = func() { heed(1) }
}

// heed says what signals come, and ends with the n-th.
func heed(n int) {
	c := make(chan os.Signal, 10)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	fmt.Println("ready")
	for range n {
		fmt.Println("got", <-c)
	}
	os.Exit(9)
}

func TestRunOutlivesCtrlCUntilCOMMANDHasEnded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd, push := inOwnConsole(t, dir, "pipes", "filelock", "run", "x.lock", "interruptible")
	r := begin(t, cmd)
	r.wantLine(t, "ready")
	push("ctrl-c")
	r.wantLine(t, "got interrupt")
	filelock(t, dir, "run", "-n", "x.lock", "true").wantCode(t, exitConflict)
	push("ctrl-c")
	r.wantLine(t, "got interrupt")
	r.end(t).wantCode(t, 9)
	wantGone(t, filepath.Join(dir, "x.lock"))

	// COMMAND does not heed it.
	cmd, push = inOwnConsole(t, dir, "pipes", "filelock", "run", "x.lock", "do", "say up", "forever")
	r = begin(t, cmd)
	r.wantLine(t, "up")
	push("ctrl-c")
	want := uint32(0xc000013a) // STATUS_CONTROL_C_EXIT
	if emulation.Wine() {
		want = 0 // what it ends so exits with that
	}
	if code := uint32(r.end(t).code); code != want {
		t.Errorf("exit code %#x, want %#x", code, want)
	}
	wantGone(t, filepath.Join(dir, "x.lock"))
}

func TestCtrlCWhileWaitingEndsTheWaitAndLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := holding(t, dir, "x.lock")
	for _, args := range [][]string{
		{"filelock", "run", "--verbose", "x.lock", "echo", "ran"},
		{"filelock", "run", "--verbose", "--hard", "x.lock", "echo", "ran"},
	} {
		cmd, push := inOwnConsole(t, dir, "pipes", args...)
		r := begin(t, cmd)
		waitFor(t, "it waits", func() bool { return strings.Contains(r.errs.String(), "waiting") })
		push("ctrl-c")
		res := r.end(t).wantCode(t, exitSignal+2)
		if line, ok := <-r.lines; ok {
			t.Errorf("COMMAND ran: %q", line)
		}
		if strings.Contains(res.err, "is held by") {
			t.Error(res.err)
		}
	}
	h.letGo(t).wantCode(t, exitOK)
	wantEmptyDir(t, dir)
}

// Closing the console, logging off and shutting down are SIGTERM for package
// signal.
func TestTheClosingOfTheConsoleEndsCOMMANDAndThenRun(t *testing.T) {
	t.Parallel()
	emulation.SkipWine(t, "it kills what is in a console that is closed, without a word")
	dir := t.TempDir()
	cmd, push := inOwnConsole(t, dir, "pipes", "filelock", "run", "x.lock", "closable")
	r := begin(t, cmd)
	r.wantLine(t, "ready")
	push("close")
	r.wantLine(t, "got terminated")
	r.end(t).wantCode(t, 9)
	wantGone(t, filepath.Join(dir, "x.lock"))
}

func TestAnInterruptedDoctorLeavesNothing(t *testing.T) {
	t.Parallel()
	needKernelBacked(t)
	dir := t.TempDir()
	cmd, push := inOwnConsole(t, dir, "pipes", "filelock", "doctor", "--peers=2", "--wait", patience.String(), dir)
	r := begin(t, cmd)
	waitFor(t, "it waits for a partner", func() bool { return strings.Contains(r.errs.String(), "hint: ") })
	push("ctrl-c")
	r.end(t).wantCode(t, exitSignal+2)
	emptyDir(t, dir)
}
