//go:build (freebsd || openbsd) && (amd64 || arm64 || riscv64)

package meta

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const maxOwnPID = math.MaxInt32 // pid_t

// look asks by sysctl(3), which finds zombies too.
func look(pid int) Process {
	p, start, err := readProcess(pid)
	switch {
	case err == nil && p.ended:
		return Process{State: Exited}
	case err == nil && start < 0:
		return Process{State: Running, Err: errors.New("the clock was set while the start was read")}
	case err == nil:
		return Process{State: Running, Start: strconv.FormatInt(start.Microseconds(), 10)}
	}
	switch _, absent := unix.Getpgid(pid); {
	case absent == nil || absent == unix.EPERM: // EPERM: OpenBSD, another session
		return Process{State: Running, Err: err}
	case err == errNotShown && absent == unix.ESRCH && !mayHide():
		return Process{State: Gone}
	}
	return Process{Err: err}
}

var errNotShown = errors.New("the kernel shows no such process")

// readProcess also says when the process started, counted from the boot. What
// the kernel says is the time of day, made anew each time from that and the
// time of boot, which moves whenever the clock is set (FreeBSD kern_proc.c,
// OpenBSD kern_sysctl.c): compared as it is, a corrected clock would make
// every process look like another one. The start is negative when the clock
// is set again and again meanwhile.
func readProcess(pid int) (p bsdProcess, start time.Duration, err error) {
	boot, err := bootTime()
	for tries := 0; err == nil && tries < 3; tries++ {
		var raw []byte
		if raw, err = rawProcess(pid); err != nil {
			break
		}
		if p, err = decodeProcess(raw, pid); err != nil {
			break
		}
		before := boot
		if boot, err = bootTime(); err == nil && boot == before {
			return p, max(p.start-boot, 0), nil
		}
	}
	return p, -1, err
}

func bootTime() (time.Duration, error) {
	tv, err := unix.SysctlTimeval("kern.boottime")
	if err != nil {
		return 0, fmt.Errorf("sysctl kern.boottime: %w", err)
	}
	return time.Duration(tv.Sec)*time.Second + time.Duration(tv.Usec)*time.Microsecond, nil
}

// bootTimeID stands in for the identity of a boot. It too moves when the clock
// is set, and then nothing is known about processes that were recorded before:
// that is safe, and all there is.
func bootTimeID() string {
	t, err := bootTime()
	if err != nil {
		return ""
	}
	return "boot-" + strconv.FormatInt(t.Microseconds(), 10)
}

func about(pid int) (userName, program string) {
	p, _, err := readProcess(pid)
	if err != nil {
		return "", ""
	}
	return userOf(p.uid), p.name
}
