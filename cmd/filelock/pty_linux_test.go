package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal with a program on it.
type terminal struct {
	*exec.Cmd
	master *os.File
	text   safeBuffer
}

// onTerminal starts cmd as the leader of a session whose controlling terminal
// is new.
func onTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetUint32(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	term := &terminal{Cmd: cmd, master: master}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = slave.Close()
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := master.Read(b)
			_, _ = term.text.Write(b[:n])
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	return term
}

func (term *terminal) typeIn(t *testing.T, text string) {
	t.Helper()
	if _, err := term.master.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// until waits for text on the screen that matches, after the first skip bytes,
// and returns the match's groups.
func (term *terminal) until(t *testing.T, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	var m []string
	defer func() {
		if t.Failed() {
			t.Logf("the screen:\n%s", term.text.String())
		}
	}()
	waitFor(t, "the screen shows "+pattern, func() bool {
		m = re.FindStringSubmatch(term.text.String())
		return m != nil
	})
	return m
}

func (term *terminal) exitCode(t *testing.T) int {
	t.Helper()
	_ = term.Wait()
	return term.ProcessState.ExitCode()
}

const (
	ctrlC         = "\x03"
	ctrlBackslash = "\x1c"
	ctrlZ         = "\x1a"
)

func TestCtrlCReachesCOMMANDOnce(t *testing.T) {
	dir := t.TempDir()
	term := onTerminal(t, command(dir, "run", "x.lock", "signalcatcher"))
	childOf(t, term.until(t, `ready (\d+) (\d+)`)[0])
	term.typeIn(t, ctrlC)
	term.until(t, "got interrupt")
	term.typeIn(t, ctrlBackslash)
	term.until(t, "got quit")
	// Signals that come in between would show before this one does.
	send(t, term.Process.Pid, syscall.SIGUSR1)
	term.until(t, "got user defined signal 1")
	send(t, term.Process.Pid, syscall.SIGTERM)
	term.until(t, "got terminated")
	if code := term.exitCode(t); code != 9 {
		t.Errorf("exit code %d", code)
	}
	for _, sig := range []string{"got interrupt", "got quit"} {
		if n := strings.Count(term.text.String(), sig); n != 1 {
			t.Errorf("COMMAND %s %d times:\n%s", sig, n, term.text.String())
		}
	}
	wantGone(t, dir+"/x.lock")
}

func TestCtrlCWhileWaitingEndsTheWait(t *testing.T) {
	dir := t.TempDir()
	h := holding(t, dir, "x.lock")
	term := onTerminal(t, command(dir, "run", "--verbose", "x.lock", "echo", "ran"))
	term.until(t, "waiting")
	term.typeIn(t, ctrlC)
	if code := term.exitCode(t); code != 130 {
		t.Errorf("exit code %d", code)
	}
	h.letGo(t).wantCode(t, exitOK)
	wantGone(t, dir+"/x.lock")
}

// shellOn is an interactive shell with job control on a terminal.
func shellOn(t *testing.T, dir string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	cmd := exec.Command("bash", "--norc", "--noprofile", "--noediting", "-i")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PS1=$ ", "HISTFILE=", "TERM=dumb")
	return onTerminal(t, cmd)
}

func TestCtrlZAndFgWorkUnderAShell(t *testing.T) {
	dir := t.TempDir()
	sh := shellOn(t, dir)
	sh.typeIn(t, "filelock run x.lock signalcatcher; echo code=$?\n")
	m := sh.until(t, `ready (\d+) (\d+)`)
	childOf(t, m[0])
	child, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	sh.typeIn(t, ctrlZ)
	sh.until(t, `Stopped`)
	for _, pid := range []string{m[1], m[2]} {
		waitFor(t, pid+" is stopped", func() bool {
			b, err := os.ReadFile("/proc/" + pid + "/stat")
			return err == nil && strings.Contains(string(b), ") T ")
		})
	}
	// Stopped, it still has the lock.
	filelock(t, dir, "run", "-n", "x.lock", "true").wantCode(t, exitConflict)
	sh.typeIn(t, "echo in-between\n")
	sh.until(t, `\nin-between`)
	sh.typeIn(t, "fg\n")
	sh.until(t, `(?s)in-between.*fg.*filelock run`)
	waitFor(t, "COMMAND runs again", func() bool {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child))
		return err == nil && !strings.Contains(string(b), ") T ")
	})
	sh.typeIn(t, ctrlC)
	sh.until(t, "got interrupt")
	run, err := strconv.Atoi(m[2])
	if err != nil {
		t.Fatal(err)
	}
	send(t, run, syscall.SIGTERM)
	sh.until(t, "got terminated")
	sh.until(t, "\ncode=(9|148)") // bash runs the rest of the line at the stop, or now
	if n := strings.Count(sh.text.String(), "got interrupt"); n != 1 {
		t.Errorf("COMMAND got %d interrupts", n)
	}
	waitFor(t, "the lock is released", func() bool {
		_, err := os.Stat(dir + "/x.lock")
		return os.IsNotExist(err)
	})
	sh.typeIn(t, "exit\n")
}

func TestABackgroundJobGetsTheSignalsSentToRun(t *testing.T) {
	dir := t.TempDir()
	sh := shellOn(t, dir)
	sh.typeIn(t, "filelock run x.lock signalcatcher &\n")
	m := sh.until(t, `ready (\d+) (\d+)`)
	childOf(t, m[0])
	run, err := strconv.Atoi(m[2])
	if err != nil {
		t.Fatal(err)
	}
	// Its group is not the terminal's foreground group, so nobody else sends it.
	send(t, run, syscall.SIGINT)
	sh.until(t, "got interrupt")
	send(t, run, syscall.SIGTERM)
	sh.until(t, "got terminated")
	sh.typeIn(t, "exit\n")
}

func TestBreakForceAsksOnATerminalForThePid(t *testing.T) {
	dir := t.TempDir()
	// Of a live process, but without a kernel lock.
	token := strings.TrimSpace(filelock(t, dir, "lock", "--pid", strconv.Itoa(os.Getpid()), "x.lock").wantCode(t, exitOK).out)
	if token == "" {
		t.Fatal("no token")
	}
	term := onTerminal(t, command(dir, "break", "--force", "x.lock"))
	term.until(t, "Type its owner's pid")
	term.typeIn(t, "yes\n")
	if code := term.exitCode(t); code != int(exitUsage) {
		t.Errorf("exit code %d after a wrong answer", code)
	}
	filelock(t, dir, "inspect", "x.lock").wantCode(t, exitHeld)
	term = onTerminal(t, command(dir, "break", "--force", "x.lock"))
	term.until(t, "Type its owner's pid")
	term.typeIn(t, strconv.Itoa(os.Getpid())+"\n")
	if code := term.exitCode(t); code != 0 {
		t.Errorf("exit code %d after the right answer:\n%s", code, term.text.String())
	}
	wantGone(t, dir+"/x.lock")
}
