package fsys

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// linuxTypes is what statfs(2) calls filesystems: linux/magic.h, and for those
// outside it the list in statfs(2) and GNU coreutils' src/stat.c. A type that
// is not here, or that more than one kernel may have mounted at once, is not
// local.
var linuxTypes = map[uint32]Class{
	unix.EXT4_SUPER_MAGIC:      {"ext4", true}, // ext2 and ext3 have the same number
	unix.XFS_SUPER_MAGIC:       {"xfs", true},
	unix.BTRFS_SUPER_MAGIC:     {"btrfs", true},
	unix.BCACHEFS_SUPER_MAGIC:  {"bcachefs", true},
	0x2fc12fc1:                 {"zfs", true},
	unix.F2FS_SUPER_MAGIC:      {"f2fs", true},
	unix.TMPFS_MAGIC:           {"tmpfs", true},
	unix.RAMFS_MAGIC:           {"ramfs", true},
	unix.OVERLAYFS_SUPER_MAGIC: {"overlay", true}, // its locks are on its own inodes, not on those below
	unix.REISERFS_SUPER_MAGIC:  {"reiserfs", true},
	unix.NILFS_SUPER_MAGIC:     {"nilfs2", true},
	0x3153464a:                 {"jfs", true},
	unix.MSDOS_SUPER_MAGIC:     {"vfat", true},
	unix.EXFAT_SUPER_MAGIC:     {"exfat", true},
	0x7366746e:                 {"ntfs3", true},
	0x4244:                     {"hfs", true},
	0x482b:                     {"hfsplus", true},
	unix.UDF_SUPER_MAGIC:       {"udf", true},
	unix.MINIX_SUPER_MAGIC:     {"minix", true},
	unix.MINIX_SUPER_MAGIC2:    {"minix", true},
	unix.MINIX2_SUPER_MAGIC:    {"minix", true},
	unix.MINIX2_SUPER_MAGIC2:   {"minix", true},
	unix.MINIX3_SUPER_MAGIC:    {"minix", true},
	unix.JFFS2_SUPER_MAGIC:     {"jffs2", true},
	0x24051905:                 {"ubifs", true},

	// Over a network, or from another kernel.
	unix.NFS_SUPER_MAGIC:    {Type: "nfs"},
	unix.SMB_SUPER_MAGIC:    {Type: "smb"},
	unix.CIFS_SUPER_MAGIC:   {Type: "cifs"},
	unix.SMB2_SUPER_MAGIC:   {Type: "smb2"},
	unix.V9FS_MAGIC:         {Type: "9p"},
	unix.CEPH_SUPER_MAGIC:   {Type: "ceph"},
	unix.AFS_SUPER_MAGIC:    {Type: "afs"},
	unix.AFS_FS_MAGIC:       {Type: "afs"},
	unix.CODA_SUPER_MAGIC:   {Type: "coda"},
	unix.NCP_SUPER_MAGIC:    {Type: "ncp"},
	0x20030528:              {Type: "orangefs"},
	0x0bd00bd0:              {Type: "lustre"},
	0x47504653:              {Type: "gpfs"},
	0x19830326:              {Type: "beegfs"},
	0xaad7aaea:              {Type: "panfs"},
	0xbeefdead:              {Type: "snfs"},
	0x786f4256:              {Type: "vboxsf"},
	0xbacbacbc:              {Type: "vmhgfs"},
	0x7c7c6673:              {Type: "prl_fs"},
	unix.HOSTFS_SUPER_MAGIC: {Type: "hostfs"},

	// On a disk that several machines may share.
	unix.OCFS2_SUPER_MAGIC: {Type: "ocfs2"},
	0x01161970:             {Type: "gfs2"},
	0xa501fcf5:             {Type: "vxfs"},

	// On top of something that cannot be seen from here. virtiofs, sshfs,
	// ntfs-3g and all the others are "fuse": statfs does not tell them apart.
	unix.FUSE_SUPER_MAGIC:     {Type: "fuse"},
	unix.ECRYPTFS_SUPER_MAGIC: {Type: "ecryptfs"},
	0x61756673:                {Type: "aufs"},

	// No places for lock files, but a message should name them.
	unix.PROC_SUPER_MAGIC:     {Type: "proc"},
	unix.SYSFS_MAGIC:          {Type: "sysfs"},
	unix.CGROUP_SUPER_MAGIC:   {Type: "cgroup"},
	unix.CGROUP2_SUPER_MAGIC:  {Type: "cgroup2"},
	unix.DEVPTS_SUPER_MAGIC:   {Type: "devpts"},
	unix.AUTOFS_SUPER_MAGIC:   {Type: "autofs"},
	unix.ISOFS_SUPER_MAGIC:    {Type: "iso9660"},
	unix.SQUASHFS_MAGIC:       {Type: "squashfs"},
	unix.EROFS_SUPER_MAGIC_V1: {Type: "erofs"},
}

func classOfPath(path string) (Class, error) {
	var s unix.Statfs_t
	err := unix.Statfs(path, &s)
	return linuxClass(&s), err
}

func classOfFile(fd int) (Class, error) {
	var s unix.Statfs_t
	err := unix.Fstatfs(fd, &s)
	return linuxClass(&s), err
}

func linuxClass(s *unix.Statfs_t) Class {
	magic := uint32(s.Type) // signed and of several widths
	if c, ok := linuxTypes[magic]; ok {
		return c
	}
	return Class{Type: fmt.Sprintf("0x%x", magic)}
}
