package meta

import "golang.org/x/sys/unix"

func rawProcess(pid int) ([]byte, error) {
	const kernProcPID = 1 // sys/sysctl.h
	return unix.SysctlRaw("kern.proc2", kernProcPID, pid, here.bytes, 1)
}

// mayHide: with a curtain, users see their own processes only
// (secmodel_extensions(9)). A name that this kernel does not have is no curtain.
func mayHide() bool {
	for _, name := range []string{"security.models.extensions.curtain", "security.curtain"} {
		if on, err := unix.SysctlUint32(name); err != nil && err != unix.ENOENT && err != unix.EINVAL || err == nil && on != 0 {
			return true
		}
	}
	return false
}

func bootID() string { return bootTimeID() }

// machineID is the firmware's, which x86 machines have.
func machineID() string { return sysctlID("machdep.dmi.system-uuid") }

func pidNamespace() string   { return "" }
func hasPIDNamespaces() bool { return false }
