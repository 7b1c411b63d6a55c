// Package filelock_test is the promises of this project, told end to end
// between real processes: crashes at every step of taking and releasing a lock
// (stress_test.go), the waiter behind a dead owner, many goroutines and many
// files, the cost in system calls, and the direction of imports.
//
// The full length of it is asked for with `go test . -stress=30s`, or with
// FILELOCK_STRESS=30s in the environment; every other run has a short version.
package filelock_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/leaks"
	"github.com/filelock-go/filelock/lock"
)

var bg = context.Background()

var stress = flag.Duration("stress", stressFromEnv(), "run the long tests in full, the crash stress for so long with each number of processes")

func stressFromEnv() time.Duration {
	d, err := time.ParseDuration(os.Getenv("FILELOCK_STRESS"))
	if err != nil {
		return 0
	}
	return d
}

// full: the long version was asked for. Only it asserts how long things take,
// since an ordinary run may share its machine with anything.
func full() bool { return *stress > 0 }

// roles are what this test binary does when it is run as another process. It
// ends when its standard input does, so that it never outlives the test.
var roles = map[string]func(args []string) error{}

const roleVar = "FILELOCK_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVar); role != "" {
		if err := roles[role](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, role+":", err)
			os.Exit(1)
		}
		os.Exit(0)
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
func start(t testing.TB, role string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), roleVar+"="+role)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	p := &process{cmd, in, bufio.NewReader(out)}
	t.Cleanup(p.kill)
	if _, err := p.out.ReadString('\n'); err != nil {
		t.Fatalf("the process in role %q said nothing: %v", role, err)
	}
	return p
}

// kill ends the process with SIGKILL, if it has not ended, and collects it.
func (p *process) kill() {
	_ = p.Process.Kill()
	_ = p.Wait()
}

func init() {
	// hold PATH: takes the soft lock and keeps it.
	roles["hold"] = func(args []string) error {
		if err := lock.NewSoft(args[0]).Lock(bg); err != nil {
			return err
		}
		fmt.Println("held")
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	}
}

// needsSoft skips a test where there are no soft locks on local filesystems.
func needsSoft(t testing.TB) {
	t.Helper()
	if !fsys.LocksBelongToFile {
		t.Skip("this system's kernel locks belong to processes, and soft locks need some that belong to open files")
	}
}

// skip skips a test that cannot run here, and fails it where nothing may be
// skipped.
func skip(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("FILELOCK_TEST_NOSKIP") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

func tempPath(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "job.lock")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually polls until what is claimed is true, and fails the test if that
// takes implausibly long.
func eventually(t testing.TB, claim string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 2 minutes: %s", claim)
		}
	}
}
