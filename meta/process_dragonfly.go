package meta

import (
	"os"

	"golang.org/x/sys/unix"
)

func rawProcess(pid int) ([]byte, error) { return unix.SysctlRaw("kern.proc.pid", pid) }

// mayHide: a jail shows its own processes only (kern_proc.c), and where
// kern.ps_showallprocs is 0 users may see their own only.
func mayHide() bool {
	if !outsideJails() {
		return true
	}
	all, err := unix.SysctlUint32("kern.ps_showallprocs")
	return os.Geteuid() != 0 && (err != nil || all == 0)
}

func outsideJails() bool {
	if here == nil {
		return false
	}
	p, err := readOnce(os.Getpid())
	return err == nil && p.place == 0
}

func bootID() string { return bootTimeID() }

func machineID() string { return uuidOf(sysctlID("kern.hostuuid")) }

// pidNamespace: pids are the same everywhere, but a jail sees its own only.
func pidNamespace() string {
	if outsideJails() {
		return "0"
	}
	return ""
}

func hasPIDNamespaces() bool { return true }
