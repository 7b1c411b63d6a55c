package meta

import "golang.org/x/sys/unix"

func rawProcess(pid int) ([]byte, error) {
	const kernProcPID = 1 // sys/sysctl.h
	return unix.SysctlRaw("kern.proc", kernProcPID, pid, here.bytes, 1)
}

// mayHide: everybody sees every process.
func mayHide() bool { return false }

func bootID() string { return bootTimeID() }

func machineID() string { return sysctlID("hw.uuid") }

func pidNamespace() string   { return "" }
func hasPIDNamespaces() bool { return false }
