package meta

import (
	"encoding/hex"
	"os"

	"golang.org/x/sys/unix"
)

func rawProcess(pid int) ([]byte, error) { return unix.SysctlRaw("kern.proc.pid", pid) }

// mayHide says whether this process is shown a part of the processes only: what
// it may not see is ESRCH as if it did not exist, to sysctl, getpgid and kill
// alike (p_cansee(9), security(7), mac_seeotheruids(4), mac_partition(4)).
func mayHide() bool {
	if !outsideJails() {
		return true
	}
	for _, policy := range []string{"security.mac.seeotheruids.enabled", "security.mac.partition.enabled"} {
		if on, err := unix.SysctlUint32(policy); err == nil && on != 0 {
			return true
		}
	}
	if os.Geteuid() == 0 {
		return false
	}
	for _, shown := range []string{"security.bsd.see_other_uids", "security.bsd.see_other_gids", "security.bsd.see_jail_proc"} {
		if on, err := unix.SysctlUint32(shown); err != nil && err != unix.ENOENT || err == nil && on == 0 {
			return true
		}
	}
	return false
}

func outsideJails() bool {
	jailed, err := unix.SysctlUint32("security.jail.jailed")
	return err == nil && jailed == 0
}

// bootID is random where there is one (since FreeBSD 14).
func bootID() string {
	if b, err := unix.SysctlRaw("kern.boot_id"); err == nil && len(b) == 16 {
		return hex.EncodeToString(b)
	}
	return bootTimeID()
}

func machineID() string { return uuidOf(sysctlID("kern.hostuuid")) }

// pidNamespace: pids are the same everywhere, but a jail sees its own only, so
// what it does not see may well run. There is no telling one jail from another.
func pidNamespace() string {
	if outsideJails() {
		return "0"
	}
	return ""
}

func hasPIDNamespaces() bool { return true }
