//go:build !windows

package fsys

import (
	"os"
	"path/filepath"
)

// givenHere are the shares of this machine in which the directory is.
func givenHere(m Mount) []share {
	table, err := mountTable()
	if err != nil {
		table = nil // paths alone are compared then
	}
	return given(m, table, shares())
}

// shares reads what this machine gives to others, as far as it is allowed to.
func shares() []share {
	var all []share
	// What the kernel does now, what it was told, and what is in the files.
	nfs := []string{"/proc/fs/nfsd/exports", "/var/lib/nfs/etab", "/etc/exports"}
	more, _ := filepath.Glob("/etc/exports.d/*.exports") // the pattern is well formed
	for _, file := range append(nfs, more...) {
		if b, err := os.ReadFile(file); err == nil {
			all = append(all, parseExports(string(b), file)...)
		}
	}
	for _, file := range []string{"/etc/samba/smb.conf", "/usr/local/etc/smb4.conf", "/etc/ksmbd/ksmbd.conf"} {
		if b, err := os.ReadFile(file); err == nil {
			all = append(all, parseShares(string(b), file)...)
		}
	}
	return append(all, userShares("/var/lib/samba/usershares")...)
}
