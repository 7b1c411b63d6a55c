package faultfs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
)

const insideVar = "FILELOCK_TEST_INSIDE"

// TestMain runs the tests in a process with a mount namespace of its own, where
// that is allowed: what they mount is gone when they end, by whatever signal.
func TestMain(m *testing.M) {
	if os.Getenv(insideVar) != "" {
		os.Exit(m.Run())
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
	case errors.Is(err, fs.ErrPermission):
		os.Exit(m.Run())
	}
	fmt.Fprintln(os.Stderr, "start the tests in a mount namespace:", err)
	os.Exit(1)
}
