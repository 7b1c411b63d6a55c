package fsys

import (
	"slices"
	"strings"
)

// lockOptions are the names of mount options that say something about locks,
// about how old an answer may be, or about what happens when the server is
// silent. The manual pages are nfs(5), mount.cifs(8), mount.ceph(8),
// mount.lustre(8), mount.fuse(8), ocfs2(5), gfs2(5), and the kernel's
// Documentation/filesystems/9p.rst and overlayfs.rst.
var lockOptions = []string{
	// All.
	"sync", "dirsync", "async", "mand", "vers",
	// NFS, and SMB where the names are the same.
	"nfsvers", "minorversion", "proto", "lock", "nolock", "local_lock",
	"ac", "noac", "actimeo", "acregmin", "acregmax", "acdirmin", "acdirmax", "cto", "nocto", "lookupcache",
	"soft", "softerr", "softreval", "nosoftreval", "hard", "timeo", "retrans", "fsc", "sharecache", "nosharecache", "nordirplus",
	// SMB.
	"cache", "closetimeo", "brl", "nobrl", "forcemandatorylock", "forcemand", "nosharesock", "nolease", "nohandlecache", "handletimeout",
	"serverino", "noserverino", "posix", "unix", "nounix", "mfsymlinks", "nostrictsync", "nosync", "echo_interval", "multichannel",
	"persistenthandles", "nopersistenthandles", "resilienthandles", "uid", "forceuid", "noforceuid",
	// 9p.
	"trans", "access", "version",
	// Ceph.
	"wsync", "nowsync", "recover_session",
	// Lustre, OCFS2, GFS2.
	"flock", "localflock", "noflock", "localflocks", "lockproto", "coherency",
	// Overlay.
	"volatile", "index", "nfs_export",
	// FUSE.
	"allow_other", "default_permissions",
}

// forLocks are those of the options that matter, each once.
func forLocks(options []string) []string {
	var kept []string
	for _, o := range options {
		name, _, _ := strings.Cut(o, "=")
		if slices.Contains(lockOptions, name) && !slices.Contains(kept, o) {
			kept = append(kept, o)
		}
	}
	return kept
}
