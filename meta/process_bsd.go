//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package meta

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// provesGone: sysctl(3) finds zombies too, so what it does not show is not there,
// unless processes are hidden from us.
func provesGone(err error) bool { return err == errNotShown && !mayHide() }

var (
	errNotShown = errors.New("the kernel shows no such process")
	errClockSet = errors.New("the clock was set while the start was read")
)

// readProcess asks by sysctl(3). It also says when the system was booted, by the clock that the
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

func timeNamespace() string   { return "" }
func hasTimeNamespaces() bool { return false }
