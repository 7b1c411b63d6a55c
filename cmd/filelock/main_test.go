package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/leaks"
)

// roles are what the test binary does when it is run under another name: the
// command itself, and the programs that it runs.
var roles = map[string]func(){
	"filelock": main,
}

// bin is a directory with the test binary under the name of each role. It is
// first in $PATH.
var bin string

// mayNotSkip: on a machine where everything is there to test with, as CI's.
var mayNotSkip = os.Getenv("FILELOCK_TEST_NOSKIP") != ""

func TestMain(m *testing.M) {
	role := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	if f, ok := roles[role]; ok {
		f()
		os.Exit(0)
	}
	heedSignals()
	if os.Getenv("GORACE") == "" {
		// Else every command that the tests run sleeps a second before it ends.
		_ = os.Setenv("GORACE", "atexit_sleep_ms=10")
	}
	os.Unsetenv("FILELOCK_TEST_NOSKIP") // the tests look at what COMMAND finds of FILELOCK_*
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "filelock-bin-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	for role := range roles {
		role += exe
		// On Windows a program may go by the name of another link to its file.
		if runtime.GOOS != "windows" && os.Link(self, filepath.Join(dir, role)) == nil {
			continue
		}
		b, err := os.ReadFile(self)
		if err != nil {
			panic(err)
		}
		if err := os.WriteFile(filepath.Join(dir, role), b, 0o755); err != nil {
			panic(err)
		}
	}
	bin = dir
	for _, v := range []string{"FILELOCK_PATH", "FILELOCK_TOKEN", "FILELOCK_FD", "FILELOCK_FENCE"} {
		_ = os.Unsetenv(v)
	}
	_ = os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	_ = os.Setenv("SHELL", systemShell)
	return leaks.Check(m)
}

// result is what a finished command left.
type result struct {
	code     int
	out, err string
}

// filelock runs the command to its end in dir.
func filelock(t *testing.T, dir string, args ...string) result {
	t.Helper()
	return finish(t, command(dir, args...))
}

// command is the command, not yet started.
func command(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("filelock", args...)
	cmd.Dir = dir
	return cmd
}

func finish(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var out, errs bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &errs
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// wantCode checks the exit code and shows everything when it is another.
func (r result) wantCode(t *testing.T, code exitCode) result {
	t.Helper()
	if r.code != int(code) {
		t.Fatalf("exit code %d, want %d\nstdout: %s\nstderr: %s", r.code, code, r.out, r.err)
	}
	return r
}

func wantText(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s does not say %q:\n%s", what, p, text)
		}
	}
}

func wantGone(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there (%v)", path, err)
	}
}

// patience is how long a test waits for what must come before it fails: far
// longer than it takes on a machine with much other work.
const patience = 2 * time.Minute

// running is a command with its stdin and stdout in the test's hands.
type running struct {
	*exec.Cmd
	in    io.WriteCloser
	lines chan string
	errs  safeBuffer
	done  bool
}

// safeBuffer may be read while it is written.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// begin starts cmd; its process is gone when the test is over.
func begin(t *testing.T, cmd *exec.Cmd) *running {
	t.Helper()
	r := &running{Cmd: cmd, lines: make(chan string, 100)}
	cmd.WaitDelay = patience // for all of its stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	r.in = in
	if cmd.Stderr == nil {
		cmd.Stderr = &r.errs
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	go readLines(out, r.lines)
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Process.Kill()
		if !r.done {
			_ = cmd.Wait()
		}
		_ = out.Close()
	})
	return r
}

// readLines sends what comes from r, line by line.
func readLines(r io.Reader, lines chan<- string) {
	defer close(lines)
	var line []byte
	b := make([]byte, 1)
	for {
		if _, err := io.ReadFull(r, b); err != nil {
			return
		}
		if b[0] == '\n' {
			lines <- strings.TrimRight(string(line), "\r")
			line = line[:0]
		} else {
			line = append(line, b[0])
		}
	}
}

// line is the next line of stdout.
func (r *running) line(t *testing.T) string {
	t.Helper()
	select {
	case l, ok := <-r.lines:
		if !ok {
			t.Fatalf("no more output; stderr: %s", r.errs.String())
		}
		return l
	case <-time.After(patience):
		t.Fatalf("no output; stderr: %s", r.errs.String())
	}
	panic("unreachable")
}

// wantLine checks the next line of stdout.
func (r *running) wantLine(t *testing.T, want string) {
	t.Helper()
	if got := r.line(t); got != want {
		t.Fatalf("the next line is %q, want %q", got, want)
	}
}

// end waits for the command to end by itself.
func (r *running) end(t *testing.T) result {
	t.Helper()
	timer := time.AfterFunc(patience, func() { _ = r.Process.Kill() })
	defer timer.Stop()
	err := r.Wait()
	r.done = true
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatal(err)
	}
	return result{code: r.ProcessState.ExitCode(), err: r.errs.String()}
}

// holding starts a filelock run that holds the lock until its stdin is closed
// (or the test is over), and returns when it holds it.
func holding(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	args = append(append([]string{"run"}, args...), "do", "say held", "read")
	r := begin(t, command(dir, args...))
	r.wantLine(t, "held")
	return r
}

// kill kills the command. What it started keeps its stderr, which is not
// waited for.
func (r *running) kill(t *testing.T) {
	t.Helper()
	r.WaitDelay = time.Millisecond
	if err := r.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	r.end(t)
}

func (r *running) letGo(t *testing.T) result {
	t.Helper()
	if err := r.in.Close(); err != nil {
		t.Fatal(err)
	}
	return r.end(t)
}

// exe is at the end of the name of a program's file.
var exe = map[string]string{"windows": ".exe"}[runtime.GOOS]

// quoted is the path of a file in dir as hints have it.
func quoted(dir, name string) string { return shell(filepath.Join(dir, name)) }

// waitFor returns when cond holds.
func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !cond(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came true: %s", what)
		}
	}
}
