//go:build aix || solaris

package meta

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"
)

// Solaris, illumos and AIX.

// readProcess reads /proc, which shows zombies too. No start there is counted from
// the boot.
func readProcess(pid int) (kernelProcess, time.Duration, error) {
	p, err := psinfo(pid)
	return p, 0, err
}

// provesGone: /proc may hide processes from those without the proc_info privilege,
// so the pid was asked for as well, and where /proc is not there it shows nothing.
func provesGone(err error) bool { return errors.Is(err, fs.ErrNotExist) && procIsThere() }

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
