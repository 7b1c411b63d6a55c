package meta

import "golang.org/x/sys/unix"

// rawProcess: the call for a single process of package unix would report one
// that is not there as EIO.
func rawProcess(pid int) ([]byte, error) { return unix.SysctlRaw("kern.proc.pid", pid) }

// mayHide: what a sandbox does not show is asked for by getpgid(2), too.
func mayHide() bool { return false }

func bootID() string { return sysctlID("kern.bootsessionuuid") }

// machineID is the kernel's build, the same for all machines that run it: what
// tells machines apart is the boot session, which is random. The machine's own
// UUID takes IOKit, which takes cgo.
func machineID() string { return sysctlID("kern.uuid") }

func pidNamespace() string   { return "" }
func hasPIDNamespaces() bool { return false }
