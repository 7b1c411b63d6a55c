package fsys

import "strings"

// What GetDriveType says (fileapi.h). Like the rules of names, that of which
// volume is local is compiled everywhere, so that it is tested everywhere.
const (
	driveRemovable = 2
	driveFixed     = 3
	driveRAMDisk   = 6
)

// win32Local are the filesystems that one machine at a time mounts. CSVFS, which
// a cluster shares, is not among them.
var win32Local = map[string]bool{"ntfs": true, "refs": true, "fat": true, "fat32": true, "exfat": true, "udf": true}

// win32Class is the class of what a handle is open on, by its final path, the
// name of its filesystem, and what sort of drive the letter in that path is.
// Where one of them is not known, it is not known to be local.
func win32Class(path, filesystem string, driveOf func(root string) uint32) Class {
	c := Class{Type: strings.ToLower(filesystem)}
	path = strings.TrimPrefix(path, `\\?\`)
	switch {
	case hasPrefixFold(path, `UNC\`), strings.HasPrefix(path, `\\`):
		return Class{Type: "network"} // whatever the server has it on
	case len(path) < 3 || !isDrive(path) || path[2] != '\\':
		return c // a volume without a letter, or a driver that does not tell
	}
	switch driveOf(path[:3]) {
	case driveFixed, driveRemovable, driveRAMDisk:
		c.Local = win32Local[c.Type]
	}
	return c
}
