//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package fsys

import "golang.org/x/sys/unix"

// bsdLocal are the types that live on this machine's disks or in its memory,
// as statfs(2) names them (f_fstypename; sys/mount.h, and each system's
// mount_*(8) pages). MNT_LOCAL alone is not enough: filesystems in user space
// set it as they please.
var bsdLocal = map[string]bool{
	"apfs": true, "hfs": true, // macOS
	"ufs": true, "ffs": true, "lfs": true, "mfs": true,
	"zfs": true, "hammer": true, "hammer2": true, "tmpfs": true,
	"msdos": true, "msdosfs": true, "exfat": true, "ext2fs": true, "udf": true,
}

func bsdClass(typeName []byte, mountedLocal bool) Class {
	name := unix.ByteSliceToString(typeName)
	return Class{Type: name, Local: mountedLocal && bsdLocal[name]}
}
