//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package meta

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const maxOwnPID = math.MaxInt32 // pid_t

// here is nil where the kernel's answers are not understood.
var here = layouts[runtime.GOOS+"/"+runtime.GOARCH]

// look asks by sysctl(3), which finds zombies too.
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
	case err == errNotShown && absent == unix.ESRCH && !mayHide():
		return Process{State: Gone}
	}
	return Process{Err: err}
}

var (
	errNotShown = errors.New("the kernel shows no such process")
	errClockSet = errors.New("the clock was set while the start was read")
)

// readProcess also says when the system was booted, by the clock that the
// process' start is of. Where that start is made anew each time (FreeBSD
// kern_proc.c, OpenBSD kern_sysctl.c), both move whenever the clock is set:
// compared as it is, a corrected clock would make every process look like
// another one.
func readProcess(pid int) (p kernelProcess, boot time.Duration, err error) {
	if !here.fromBoot {
		p, err = readOnce(pid)
		return p, 0, err
	}
	boot, err = bootTime()
	for tries := 0; err == nil && tries < 3; tries++ {
		if p, err = readOnce(pid); err != nil {
			return kernelProcess{}, 0, err
		}
		before := boot
		if boot, err = bootTime(); err == nil && boot == before {
			return p, boot, nil
		}
	}
	if err == nil {
		err = errClockSet
	}
	return kernelProcess{}, 0, err
}

func readOnce(pid int) (kernelProcess, error) {
	raw, err := rawProcess(pid)
	if err == unix.ESRCH || err == nil && len(raw) == 0 {
		return kernelProcess{}, errNotShown
	}
	if err != nil {
		return kernelProcess{}, fmt.Errorf("sysctl kern.proc of pid %d: %w", pid, err)
	}
	return here.decode(raw, pid)
}

func readBootTime() (sec, sub int64, err error) {
	raw, err := unix.SysctlRaw("kern.boottime")
	if err == nil {
		sec, sub, err = here.decodeBootTime(raw)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("sysctl kern.boottime: %w", err)
	}
	return sec, sub, nil
}

func bootTime() (time.Duration, error) {
	sec, sub, err := readBootTime()
	return time.Duration(sec)*time.Second + time.Duration(sub)*time.Microsecond, err
}

func about(pid int) (userName, program string) {
	if here == nil {
		return "", ""
	}
	p, err := readOnce(pid)
	if err != nil {
		return "", ""
	}
	return userOf(p.uid), p.name
}

// sysctlID is an identifier of the kernel's, "" if there is none.
func sysctlID(name string) string {
	id, err := unix.Sysctl(name)
	if err != nil {
		return ""
	}
	return cleanID([]byte(id))
}

// bootTimeID stands in for the identity of a boot. Where it moves when the clock
// is set nothing is known about processes that were recorded before: that is
// safe, and all there is.
func bootTimeID() string {
	if here == nil {
		return ""
	}
	sec, sub, err := readBootTime()
	if err != nil || sec == 0 {
		return ""
	}
	if here.fromBoot { // as it always was
		return "boot-" + strconv.FormatInt(sec*1e6+sub, 10)
	}
	return "boot-" + strconv.FormatInt(sec, 10) + "." + strconv.FormatInt(sub, 10)
}

func timeNamespace() string   { return "" }
func hasTimeNamespaces() bool { return false }
