package meta

import (
	"fmt"
	"math"
	"strconv"

	"golang.org/x/sys/unix"
)

const maxOwnPID = math.MaxInt32 // pid_t

const sZOMB = 5 // sys/proc.h

func look(pid int) Process {
	k, err := kinfo(pid)
	switch {
	case err != nil:
		return lookByID(pid, err)
	case k == nil: // no such process; asked twice, for a sandbox may show nothing
		return lookByID(pid, nil)
	case k.Proc.P_stat == sZOMB:
		return Process{State: Exited}
	}
	// The moment of fork, stored as such: setting the clock does not move it.
	t := k.Proc.P_starttime
	return Process{State: Running, Start: strconv.FormatInt(t.Sec*1e6+int64(t.Usec), 10)}
}

// lookByID asks whether the process exists. ESRCH counts only when sysctl has
// found nothing either: getpgid(2) does not find zombies.
func lookByID(pid int, unread error) Process {
	_, err := unix.Getpgid(pid)
	switch {
	case err == nil || err == unix.EPERM:
		return Process{State: Running, Err: unread}
	case err == unix.ESRCH && unread == nil:
		return Process{State: Gone}
	case unread == nil:
		unread = fmt.Errorf("getpgid %d: %w", pid, err)
	}
	return Process{Err: unread}
}

// kinfo is nil when the kernel knows no such process. The call for a single one
// would report that as EIO.
func kinfo(pid int) (*unix.KinfoProc, error) {
	all, err := unix.SysctlKinfoProcSlice("kern.proc.pid", pid)
	if err == unix.ESRCH {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("sysctl kern.proc.pid.%d: %w", pid, err)
	}
	for i := range all {
		if int(all[i].Proc.P_pid) == pid {
			return &all[i], nil
		}
	}
	return nil, nil
}

func about(pid int) (userName, program string) {
	k, err := kinfo(pid)
	if err != nil || k == nil {
		return "", ""
	}
	return userOf(k.Eproc.Pcred.P_ruid), unix.ByteSliceToString(k.Proc.P_comm[:])
}

func bootID() string { return sysctlID("kern.bootsessionuuid") }

// machineID is the kernel's build, the same for all machines that run it: what
// tells machines apart is the boot session, which is random. The machine's own
// UUID takes IOKit, which takes cgo.
func machineID() string { return sysctlID("kern.uuid") }

func sysctlID(name string) string {
	id, err := unix.Sysctl(name)
	if err != nil {
		return ""
	}
	return cleanID([]byte(id))
}

func pidNamespace() string    { return "" }
func timeNamespace() string   { return "" }
func hasPIDNamespaces() bool  { return false }
func hasTimeNamespaces() bool { return false }
