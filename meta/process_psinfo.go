//go:build aix || solaris

package meta

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Solaris, illumos and AIX.

const maxOwnPID = math.MaxInt32 // pid_t

// here is nil where the kernel's answers are not understood.
var here = layouts[runtime.GOOS+"/"+runtime.GOARCH]

// look reads /proc, which shows zombies too. It may hide processes from those
// without the proc_info privilege, so what it does not show is asked for by id.
func look(pid int) Process {
	if here == nil {
		return Process{Err: fmt.Errorf("look at pid %d: %w", pid, errors.ErrUnsupported)}
	}
	p, err := psinfo(pid)
	if err == nil {
		return here.process(p, 0)
	}
	switch _, absent := unix.Getpgid(pid); {
	case absent == nil || absent == unix.EPERM:
		return Process{State: Running, Err: err}
	case absent == unix.ESRCH && errors.Is(err, fs.ErrNotExist) && procIsThere():
		return Process{State: Gone}
	}
	return Process{Err: err}
}

// procIsThere: what shows no process does not show that one is gone. (AIX does
// without /proc.)
func procIsThere() bool {
	_, err := psinfo(os.Getpid())
	return err == nil
}

func psinfo(pid int) (kernelProcess, error) {
	if here == nil {
		return kernelProcess{}, errors.ErrUnsupported
	}
	path := "/proc/" + strconv.Itoa(pid) + "/psinfo"
	b, err := os.ReadFile(path)
	if err != nil {
		return kernelProcess{}, err
	}
	p, err := here.decode(b, pid)
	if err != nil {
		return kernelProcess{}, fmt.Errorf("read %q: %w", path, err)
	}
	return p, nil
}

func about(pid int) (userName, program string) {
	p, err := psinfo(pid)
	if err != nil {
		return "", ""
	}
	return userOf(p.uid), p.name
}

// bootID is when the kernel's own process started. A zone, or a workload
// partition of AIX, does not see it.
func bootID() string {
	p, err := psinfo(0)
	if err != nil || p.start <= 0 { // it may well have no thread of its own
		return ""
	}
	return "boot-" + strconv.FormatInt(p.start.Microseconds(), 10)
}

// pidNamespace: pids are the same everywhere, but a zone sees its own only, and
// so does a workload partition; the global one sees them all.
func pidNamespace() string {
	if p, err := psinfo(os.Getpid()); err == nil && p.place == 0 {
		return "0"
	}
	return ""
}

func timeNamespace() string   { return "" }
func hasPIDNamespaces() bool  { return true }
func hasTimeNamespaces() bool { return false }
