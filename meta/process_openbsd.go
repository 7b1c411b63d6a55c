//go:build amd64 || arm64 || riscv64

package meta

import (
	"fmt"

	"golang.org/x/sys/unix"
)

func rawProcess(pid int) ([]byte, error) {
	const kernProcPID = 1 // sys/sysctl.h
	raw, err := unix.SysctlRaw("kern.proc", kernProcPID, pid, openBSDSize, 1)
	if err == unix.ESRCH || err == nil && len(raw) == 0 {
		return nil, errNotShown
	}
	if err != nil {
		return nil, fmt.Errorf("sysctl kern.proc of pid %d: %w", pid, err)
	}
	return raw, nil
}

func decodeProcess(b []byte, pid int) (bsdProcess, error) { return decodeOpenBSD(b, pid) }

// mayHide: everybody sees every process.
func mayHide() bool { return false }

func bootID() string { return bootTimeID() }

func machineID() string {
	id, err := unix.Sysctl("hw.uuid")
	if err != nil {
		return ""
	}
	return cleanID([]byte(id))
}

func pidNamespace() string    { return "" }
func timeNamespace() string   { return "" }
func hasPIDNamespaces() bool  { return false }
func hasTimeNamespaces() bool { return false }
