//go:build solaris && amd64

package meta

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Solaris and illumos.

const maxOwnPID = math.MaxInt32 // pid_t

// look reads /proc, which shows zombies too. It may hide processes from those
// without the proc_info privilege, so what it does not show is asked for by id.
func look(pid int) Process {
	p, err := psinfo(pid)
	switch {
	case err == nil && p.ended:
		return Process{State: Exited}
	case err == nil:
		return Process{State: Running, Start: strconv.FormatInt(int64(p.start), 10)}
	}
	switch _, absent := unix.Getpgid(pid); {
	case absent == nil || absent == unix.EPERM:
		return Process{State: Running, Err: err}
	case absent == unix.ESRCH && errors.Is(err, fs.ErrNotExist):
		return Process{State: Gone}
	}
	return Process{Err: err}
}

func psinfo(pid int) (zoneProcess, error) {
	path := "/proc/" + strconv.Itoa(pid) + "/psinfo"
	b, err := os.ReadFile(path)
	if err != nil {
		return zoneProcess{}, err
	}
	p, err := decodePsinfo(b, pid)
	if err != nil {
		return zoneProcess{}, fmt.Errorf("read %q: %w", path, err)
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

// bootID is when the kernel's own process started. A zone does not see it.
func bootID() string {
	p, err := psinfo(0)
	if err != nil || p.start <= 0 {
		return ""
	}
	return "boot-" + strconv.FormatInt(p.start.Microseconds(), 10)
}

// machineID: there is none without cgo, but where D-Bus is installed.
func machineID() string {
	for _, path := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if b, err := os.ReadFile(path); err == nil {
			if id := cleanMachineID(b); id != "" {
				return id
			}
		}
	}
	return ""
}

// pidNamespace: pids are the same everywhere, but a zone sees its own only;
// the global zone sees them all.
func pidNamespace() string {
	if p, err := psinfo(os.Getpid()); err == nil && p.zone == 0 {
		return "0"
	}
	return ""
}

func timeNamespace() string   { return "" }
func hasPIDNamespaces() bool  { return true }
func hasTimeNamespaces() bool { return false }
