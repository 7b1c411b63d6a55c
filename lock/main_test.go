package lock_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/leaks"
	"github.com/filelock-go/filelock/lock"
)

// roles are what this test binary does when it is run as another process. Each
// prints a line when it is ready, and ends when its standard input does.
var roles = map[string]func(args []string) error{}

const (
	roleVar = "FILELOCK_TEST_ROLE"
	netVar  = "FILELOCK_TEST_NET" // the pause of the safety net of another process
)

// noNet is the pause of the safety net in tests: who is woken was not woken by
// it. A waiter that nothing else wakes waits until the tests are given up.
const noNet = 1000 * time.Hour

func TestMain(m *testing.M) {
	net := noNet
	if s := os.Getenv(netVar); s != "" {
		net, _ = time.ParseDuration(s)
	}
	lock.SetNet(net, net)
	if role := os.Getenv(roleVar); role != "" {
		if err := roles[role](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, role+":", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if emulation.Wine() {
		// An example cannot skip itself: under Wine the first process has no parent
		// to be the owner.
		_ = flag.Set("test.skip", "^ExampleGrant$")
	}
	os.Exit(leaks.Check(m))
}

// process is this test binary in another role.
type process struct {
	*exec.Cmd
	stdin io.WriteCloser
	out   *bufio.Reader
}

// start runs a role and returns when it has said that it is ready.
func start(t *testing.T, role string, args ...string) *process {
	t.Helper()
	return startIn(t, func(*exec.Cmd) {}, role, args...)
}

// startIn is start of a process that differs from this one.
func startIn(t *testing.T, differs func(*exec.Cmd), role string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), roleVar+"="+role)
	differs(cmd)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd, in, bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = p.Process.Kill()
		_ = p.Wait()
	})
	p.line(t)
	return p
}

func (p *process) line(t *testing.T) string {
	t.Helper()
	s, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("the other process said nothing: %v", err)
	}
	return s
}

// kill ends the process with SIGKILL and collects it.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait()
}

func init() {
	// hold KIND PATH: takes the lock, and ends without releasing it.
	roles["hold"] = func(args []string) error {
		l := newLocker(args[0], args[1])
		if err := l.Lock(context.Background()); err != nil {
			return err
		}
		fmt.Println("held")
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	}
	// drop KIND PATH: takes the lock through a handle that is collected then.
	roles["drop"] = func(args []string) error {
		if err := newLocker(args[0], args[1]).Lock(context.Background()); err != nil {
			return err
		}
		for range 5 {
			runtime.GC()
		}
		fmt.Println("dropped")
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	}
	// cycle KIND PATH: takes and releases the lock at each line it reads.
	roles["try"] = func(args []string) error {
		fmt.Println("ready")
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			l := newLocker(args[0], args[1])
			err := l.TryLock()
			if err == nil {
				err = l.Unlock()
			}
			fmt.Printf("%q\n", fmt.Sprint(err))
		}
		return in.Err()
	}
}

func newLocker(kind, path string) lock.Locker {
	switch kind {
	case "soft":
		return lock.NewSoft(path)
	case "shared":
		return lock.NewFile(path).RLocker()
	}
	return lock.NewFile(path)
}

// kinds runs a claim that holds for every kind of lock.
func kinds(t *testing.T, f func(t *testing.T, newLock func(path string, opts ...lock.Option) locker, path string)) {
	t.Run("Soft", func(t *testing.T) {
		f(t, func(p string, o ...lock.Option) locker { return lock.NewSoft(p, o...) }, tempPath(t))
	})
	t.Run("File", func(t *testing.T) {
		f(t, func(p string, o ...lock.Option) locker { return lock.NewFile(p, o...) }, tempPath(t))
	})
}

// locker is what Soft and File have in common.
type locker interface {
	lock.Locker
	LockWithin(ctx context.Context, d time.Duration) error
	ForceUnlock() error
	Dup() (*os.File, error)
}

// takes is TryLock, which must work, until the end of the test.
func takes(t *testing.T, l locker) {
	t.Helper()
	must(t, l.TryLock())
	t.Cleanup(func() { must(t, l.ForceUnlock()) })
}

func tempPath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "job.lock")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
