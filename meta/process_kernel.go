//go:build aix || darwin || dragonfly || freebsd || netbsd || openbsd || solaris

package meta

import (
	"errors"
	"fmt"
	"math"
	"runtime"

	"golang.org/x/sys/unix"
)

// Systems whose kernels describe a process in a struct, by sysctl or in /proc.

const maxOwnPID = math.MaxInt32 // pid_t

// here is nil where the kernel's answers are not understood.
var here = layouts[runtime.GOOS+"/"+runtime.GOARCH]

// look reads the description. What is not shown is asked for by id.
func look(pid int) Process {
	if here == nil {
		return Process{Err: fmt.Errorf("look at pid %d: %w", pid, errors.ErrUnsupported)}
	}
	p, boot, err := readProcess(pid)
	if err == nil {
		return here.process(p, boot)
	}
	switch _, absent := unix.Getpgid(pid); {
	case absent == nil || absent == unix.EPERM: // EPERM: OpenBSD, another session
		return Process{State: Running, Err: err}
	case absent == unix.ESRCH && provesGone(err):
		return Process{State: Gone}
	}
	return Process{Err: err}
}
