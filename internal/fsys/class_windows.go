package fsys

import (
	"strings"

	"golang.org/x/sys/windows"
)

// windowsLocal are the types that one machine at a time mounts. CSVFS, which a
// cluster shares, is not among them.
var windowsLocal = map[string]bool{"ntfs": true, "refs": true, "fat": true, "fat32": true, "exfat": true, "udf": true}

// classOf asks where the handle really leads: a drive letter may stand for a
// share, and a directory for another volume.
func classOf(h windows.Handle) (Class, error) {
	// A device or a server that cannot tell its path is not known to be local.
	path, err := finalPath(h)
	if err != nil {
		path = ""
	}
	path = strings.TrimPrefix(path, `\\?\`)
	if strings.HasPrefix(path, `UNC\`) {
		return Class{Type: "network"}, nil
	}
	var name [windows.MAX_PATH + 1]uint16
	if err := windows.GetVolumeInformationByHandle(h, nil, 0, nil, nil, nil, &name[0], uint32(len(name))); err != nil {
		return Class{}, err
	}
	c := Class{Type: strings.ToLower(windows.UTF16ToString(name[:]))}
	if len(path) > 2 && path[1] == ':' {
		root, err := windows.UTF16PtrFromString(path[:2] + `\`)
		if err != nil {
			return Class{}, err
		}
		switch windows.GetDriveType(root) {
		case windows.DRIVE_FIXED, windows.DRIVE_REMOVABLE, windows.DRIVE_RAMDISK:
			c.Local = windowsLocal[c.Type]
		}
	}
	return c, nil
}

func finalPath(h windows.Handle) (string, error) {
	const dosName = 0 // FILE_NAME_NORMALIZED | VOLUME_NAME_DOS
	buf := make([]uint16, windows.MAX_PATH)
	for {
		n, err := windows.GetFinalPathNameByHandle(h, &buf[0], uint32(len(buf)), dosName)
		if err != nil {
			return "", err
		}
		if int(n) < len(buf) {
			return windows.UTF16ToString(buf[:n]), nil
		}
		buf = make([]uint16, n+1)
	}
}
