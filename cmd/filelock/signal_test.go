//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
)

func init() {
	roles["signalcatcher"] = signalCatcher
	roles["ignorer"] = ignorer
}

// signalCatcher prints the name of every signal that it gets, until TERM.
func signalCatcher() {
	c := make(chan os.Signal, 100)
	signal.Notify(c, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM)
	fmt.Println("ready", os.Getpid(), os.Getppid())
	for sig := range c {
		fmt.Println("got", sig)
		if sig == syscall.SIGTERM {
			os.Exit(9)
		}
	}
}

// ignorer runs its arguments with the signals ignored that its first argument
// names by number.
func ignorer() {
	for _, n := range strings.Split(os.Args[1], ",") {
		i, err := strconv.Atoi(n)
		if err != nil {
			panic(err)
		}
		signal.Ignore(syscall.Signal(i))
	}
	path, err := exec.LookPath(os.Args[2])
	if err != nil {
		panic(err)
	}
	panic(syscall.Exec(path, os.Args[2:], os.Environ()))
}

// catching starts the signal catcher under a lock in a session of its own,
// without a terminal.
func catching(t *testing.T, dir string, flags ...string) (r *running, child int) {
	t.Helper()
	cmd := command(dir, append(append([]string{"run"}, flags...), "x.lock", "signalcatcher")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	r = begin(t, cmd)
	return r, childOf(t, r.line(t))
}

// childOf takes the pid from the catcher's first line.
func childOf(t *testing.T, line string) int {
	t.Helper()
	f := strings.Fields(line)
	if len(f) != 3 || f[0] != "ready" {
		t.Fatalf("the first line is %q", line)
	}
	pid, err := strconv.Atoi(f[1])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	return pid
}

func send(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("send %v to %d: %v", sig, pid, err)
	}
}

func TestRunPassesSignalsOnAndOutlivesThem(t *testing.T) {
	dir := t.TempDir()
	r, _ := catching(t, dir)
	for _, tt := range []struct {
		sig  syscall.Signal
		name string
	}{
		{syscall.SIGHUP, "hangup"}, {syscall.SIGUSR1, "user defined signal 1"}, {syscall.SIGUSR2, "user defined signal 2"},
		{syscall.SIGALRM, "alarm clock"}, {syscall.SIGINT, "interrupt"}, {syscall.SIGQUIT, "quit"},
	} {
		send(t, r.Process.Pid, tt.sig)
		r.wantLine(t, "got "+tt.name)
	}
	// These are nobody's business but run's, which they do not end.
	for _, sig := range []syscall.Signal{syscall.SIGPIPE, syscall.SIGXCPU, syscall.SIGVTALRM, syscall.SIGPROF, syscall.SIGABRT, syscall.SIGTRAP, syscall.SIGSYS, syscall.SIGXFSZ} {
		send(t, r.Process.Pid, sig)
	}
	if _, err := os.Stat(dir + "/x.lock"); err != nil {
		t.Errorf("the lock is not held any more: %v", err)
	}
	send(t, r.Process.Pid, syscall.SIGTERM)
	r.wantLine(t, "got terminated")
	r.end(t).wantCode(t, 9)
	wantGone(t, dir+"/x.lock")
}

func TestASignalThatEndsCOMMANDIsRunsExitCode(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGALRM} {
		dir := t.TempDir()
		r := begin(t, command(dir, "run", "x.lock", "sh", "-c", "echo up; exec sleep 1000"))
		r.wantLine(t, "up")
		send(t, r.Process.Pid, sig)
		r.end(t).wantCode(t, exitSignal+exitCode(sig))
		wantGone(t, dir+"/x.lock")
	}
}

func TestASignalWhileWaitingEndsTheWaitAndLeavesNothing(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGALRM} {
		dir := t.TempDir()
		h := holding(t, dir, "x.lock")
		for _, args := range [][]string{
			{"run", "--verbose", "x.lock", "echo", "ran"},
			{"run", "--verbose", "--hard", "x.lock", "echo", "ran"},
		} {
			r := begin(t, command(dir, args...))
			waitFor(t, "it waits", func() bool { return strings.Contains(r.errs.String(), "waiting") })
			send(t, r.Process.Pid, sig)
			res := r.end(t).wantCode(t, exitSignal+exitCode(sig))
			if line, ok := <-r.lines; ok {
				t.Errorf("%v: COMMAND ran: %q", sig, line)
			}
			if strings.Contains(res.err, "is held by") {
				t.Errorf("%v: %s", sig, res.err)
			}
		}
		h.letGo(t).wantCode(t, exitOK)
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%v: left behind: %v %v", sig, left, err)
		}
	}
}

func TestABrokenStderrNeverEndsRun(t *testing.T) {
	dir := t.TempDir()
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = pr.Close()
	defer func() { _ = pw.Close() }()
	// --verbose writes before and after COMMAND, and a lost lock is told of.
	cmd := command(dir, "run", "--verbose", "x.lock", "sh", "-c", "rm x.lock; echo ran")
	cmd.Stderr = pw
	if r := finish(t, cmd).wantCode(t, exitLost); r.out != "ran\n" {
		t.Errorf("COMMAND printed %q", r.out)
	}
	// COMMAND has SIGPIPE's default effect all the same.
	cmd = command(dir, "run", "x.lock", "sh", "-c", "kill -PIPE $$; echo survived")
	cmd.Stderr = pw
	finish(t, cmd).wantCode(t, exitSignal+13)
}

func TestKillingRunKeepsTheLockUntilCOMMANDEnds(t *testing.T) {
	for _, flags := range [][]string{nil, {"--hard"}} {
		dir := t.TempDir()
		r, child := catching(t, dir, flags...)
		r.kill(t)
		said := filelock(t, dir, append(append([]string{"run", "-n"}, flags...), "x.lock", "true")...).wantCode(t, exitConflict)
		res := filelock(t, dir, "inspect", "x.lock").wantCode(t, exitHeld)
		wantText(t, "inspect", res.out, "kernel-lock-held")
		if runtime.GOOS == "linux" { // it shows who has the descriptor
			wantText(t, "contention", said.err, fmt.Sprintf("is held by pid %d (signalcatcher)", child))
			wantText(t, "inspect", res.out, fmt.Sprintf("owner     pid %d (signalcatcher)", child))
			if flags == nil {
				from := fmt.Sprintf(", which inherited it from pid %d, which has ended", r.Process.Pid)
				wantText(t, "contention", said.err, from)
				wantText(t, "inspect", res.out, from)
			}
		}
		send(t, child, syscall.SIGTERM)
		filelock(t, dir, append(append([]string{"run", "-w", "120"}, flags...), "x.lock", "true")...).wantCode(t, exitOK)
	}
}

func TestNohupAndOtherIgnoredSignalsStayIgnoredForCOMMANDToo(t *testing.T) {
	real := built(t)
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGALRM, syscall.SIGPIPE, syscall.SIGTSTP} {
		dir := t.TempDir()
		// sh does not touch what was ignored when it started.
		cmd := exec.Command("ignorer", strconv.Itoa(int(sig)), real, "run", "x.lock", "sh", "-c", "echo up $$; read x; echo still here")
		cmd.Dir = dir
		r := begin(t, cmd)
		f := strings.Fields(r.line(t))
		child, err := strconv.Atoi(f[len(f)-1])
		if err != nil {
			t.Fatal(err)
		}
		send(t, r.Process.Pid, sig)
		send(t, child, sig)
		if _, err := r.in.Write([]byte("x\n")); err != nil {
			t.Fatal(err)
		}
		if line := <-r.lines; line != "still here" {
			t.Errorf("%v ended COMMAND", sig)
		}
		if res := r.end(t); res.code != 0 {
			t.Errorf("%v: exit code %d: %s", sig, res.code, res.err)
		}
	}
}

func TestWithoutASymbolTableABackgroundJobStillIgnoresQUIT(t *testing.T) {
	emulation.SkipQemu(t, "it catches a signal that was ignored when it was started, so COMMAND does not inherit that")
	dir := t.TempDir()
	stripped := filepath.Join(dir, "filelock")
	build(t, stripped, "-ldflags=-s -w")
	cmd := exec.Command("ignorer", "2,3", stripped, "run", "x.lock", "sh", "-c", "kill -QUIT $$; kill -INT $$; echo still here")
	cmd.Dir = dir
	if r := finish(t, cmd).wantCode(t, exitOK); r.out != "still here\n" {
		t.Errorf("%q", r.out)
	}
}

func TestNohup(t *testing.T) {
	if _, err := exec.LookPath("nohup"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	cmd := exec.Command("nohup", "filelock", "run", "x.lock", "sh", "-c", "echo up; read x; echo still here")
	cmd.Dir = dir
	r := begin(t, cmd)
	r.wantLine(t, "up")
	send(t, r.Process.Pid, syscall.SIGHUP)
	if _, err := r.in.Write([]byte("x\n")); err != nil {
		t.Fatal(err)
	}
	r.wantLine(t, "still here")
	r.end(t).wantCode(t, exitOK)
}

// built is the command as `go build` makes it, with its symbol table, which a
// test binary does not have.
func built(t testing.TB, flags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "filelock")
	build(t, path, flags...)
	return path
}

func build(t testing.TB, path string, flags ...string) {
	t.Helper()
	out, err := exec.Command("go", append(append([]string{"build", "-o", path}, flags...), ".")...).CombinedOutput()
	if err != nil {
		t.Skipf("go build: %v\n%s", err, out)
	}
}

func TestALostLockEndsCOMMANDAsToldTo(t *testing.T) {
	for _, tt := range []struct {
		onLost string
		code   exitCode
	}{{lostTerm, exitSignal + 15}, {lostKill, exitSignal + 9}, {lostIgnore, 4}} {
		told := filepath.Join(t.TempDir(), "told")
		c, err := childPlan{program: systemShell, argv: []string{"sh", "-c", "until test -e " + told + "; do sleep .01; done; exit 4"}, env: os.Environ()}.start()
		if err != nil {
			t.Fatal(err)
		}
		lost := make(chan struct{})
		close(lost)
		var errs safeBuffer
		a := &app{errs: &errs}
		code := make(chan exitCode)
		go func() { code <- a.attend(c, lost, tt.onLost, &signals{c: make(chan os.Signal)}) }()
		waitFor(t, "it is said", func() bool { return strings.Contains(errs.String(), "the lock was lost") })
		if tt.onLost == lostIgnore {
			if err := os.WriteFile(told, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := <-code; got != tt.code {
			t.Errorf("--on-lost %s: exit code %d, want %d", tt.onLost, got, tt.code)
		}
	}
}

func TestASignalThatComesWithTheLockUndoesIt(t *testing.T) {
	for n := range 2000 { // of which some have both ready at once
		early := n%2 == 0
		s := &signals{c: make(chan os.Signal, 1)}
		undone := 0
		err := obtain(context.Background(), s, func(ctx context.Context) error {
			s.c <- syscall.SIGTERM
			if early {
				<-ctx.Done()
			}
			return nil // taken all the same
		}, func() error { undone++; return nil })
		if code := exitCodeOf(err); code != exitSignal+15 || undone != 1 {
			t.Fatalf("early %v: exit code %d, undone %d times", early, code, undone)
		}
	}
}
