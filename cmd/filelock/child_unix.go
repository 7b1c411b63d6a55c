//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const systemShell = "/bin/sh"

func shellCommand(shell, text string) (argv []string, line string) {
	return []string{shell, "-c", text}, ""
}

// lockDescriptor is the least number the lock's descriptor has in COMMAND:
// shells let scripts use those below.
const lockDescriptor = 10

// inheritable duplicates f to a free number that the next child inherits.
// Only one child is ever started here, so it can leak into no other.
func inheritable(f *os.File) (n int, closeAgain func(), err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, nil, err
	}
	var derr error
	if err := raw.Control(func(fd uintptr) { n, derr = unix.FcntlInt(fd, unix.F_DUPFD, lockDescriptor) }); err != nil {
		return 0, nil, err
	}
	if derr != nil {
		return 0, nil, fmt.Errorf("duplicate the lock's descriptor: %w", derr)
	}
	return n, func() { _ = unix.Close(n) }, nil
}

func isNoExec(err error) bool { return errors.Is(err, syscall.ENOEXEC) }

// statusCode is what a shell would put into $?.
func statusCode(ws syscall.WaitStatus) exitCode {
	if ws.Signaled() {
		return exitSignal + exitCode(ws.Signal())
	}
	return exitCode(ws.ExitStatus())
}
