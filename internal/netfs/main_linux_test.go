package netfs

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/filelock-go/filelock/internal/leaks"
)

const (
	roleVar   = "FILELOCK_TEST_ROLE"
	insideVar = "FILELOCK_TEST_INSIDE"

	// scratch is where the tests keep everything: memory that only they see. The
	// directory exists on every system.
	scratch = "/mnt"
)

// roles are what this test binary does in a guest.
var roles = map[string]func(args []string) error{}

// TestMain runs the tests in a process with a mount namespace of its own, and
// memory mounted there: files and mounts are gone when it ends, by whatever
// signal, and it ends when this process does.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVar); role != "" {
		act(role)
	}
	if os.Getenv(insideVar) != "" {
		inside(m)
	}
	runtime.LockOSThread() // the death signal comes when the thread ends that started the process
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), insideVar+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		os.Exit(0)
	case errors.As(err, &exit):
		os.Exit(max(exit.ExitCode(), 1))
	case errors.Is(err, fs.ErrPermission): // the tests say so
		os.Exit(m.Run())
	}
	fmt.Fprintln(os.Stderr, "start the tests in a mount namespace:", err)
	os.Exit(1)
}

func inside(m *testing.M) {
	if err := syscall.Mount("netfs", scratch, "tmpfs", 0, "mode=0755"); err != nil {
		fmt.Fprintf(os.Stderr, "mount memory on %q: %v\n", scratch, err)
		os.Exit(1)
	}
	os.Setenv("TMPDIR", scratch)
	flag.Parse()
	if n := flag.Lookup("test.parallel"); n.Value.String() == n.DefValue {
		_ = flag.Set("test.parallel", "6") // three filesystems, two rigs each: what takes long here is waiting
	}
	go starter()
	starts <- nil
	os.Exit(leaks.Check(m))
}

func act(role string) {
	f := roles[role]
	if f == nil {
		fmt.Fprintf(os.Stderr, "no role %q\n", role)
		os.Exit(2)
	}
	if err := f(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, role+":", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// starts are processes for the starter to start.
var starts = make(chan func())

// starter starts the guests from a thread that never ends: they are killed when
// the thread ends that started them.
func starter() {
	runtime.LockOSThread()
	for f := range starts {
		if f != nil {
			f()
		}
	}
}

// chosen is what FILELOCK_TEST_NETFS chooses.
func chosen() string { return os.Getenv("FILELOCK_TEST_NETFS") }

// needsRig skips a test where no guests can be started.
func needsRig(t *testing.T, programs ...string) {
	t.Helper()
	if os.Getenv(insideVar) == "" || os.Getuid() != 0 {
		skip(t, "needs root, for namespaces")
	}
	for _, p := range append([]string{"linux.uml", "mkfs.ext4", "ip", "modprobe"}, programs...) {
		if _, err := exec.LookPath(p); err != nil {
			skip(t, "%v (see the documentation of this package for the Debian packages)", err)
		}
	}
}

// skip skips a test that cannot run here, and fails it where nothing may be
// skipped.
func skip(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("FILELOCK_TEST_NOSKIP") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
