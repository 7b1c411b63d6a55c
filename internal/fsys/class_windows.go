package fsys

import "golang.org/x/sys/windows"

// classOf asks where the handle really leads: a drive letter may stand for a
// share, and a directory for another volume.
func classOf(h windows.Handle) (Class, error) {
	// A device or a server that cannot tell its path is not known to be local.
	path, err := finalPath(h)
	if err != nil {
		path = ""
	}
	var name [windows.MAX_PATH + 1]uint16
	err = windows.GetVolumeInformationByHandle(h, nil, 0, nil, nil, nil, &name[0], uint32(len(name)))
	c := win32Class(path, windows.UTF16ToString(name[:]), driveType)
	if err != nil && c.Type == "" {
		return Class{}, err
	}
	return c, nil
}

func driveType(root string) uint32 {
	p, err := windows.UTF16PtrFromString(root)
	if err != nil {
		return windows.DRIVE_UNKNOWN
	}
	return windows.GetDriveType(p)
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
