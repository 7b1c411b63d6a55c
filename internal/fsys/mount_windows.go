package fsys

import (
	"errors"
	"strings"

	"golang.org/x/sys/windows"
)

// mountOf asks where the directory really is: a drive letter or a directory may
// stand for a share, which then is what is mounted.
func mountOf(path string) (m Mount, err error) {
	if path == "" {
		path = "."
	}
	if m.Dir, err = Absolute(path); err != nil {
		return Mount{}, err
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return Mount{}, err
	}
	// Links are followed here, for a lock would be made where they lead.
	h, err := windows.CreateFile(name, windows.FILE_READ_ATTRIBUTES, shareAll, nil, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return Mount{}, err
	}
	defer func() {
		if cerr := windows.CloseHandle(h); err == nil {
			err = cerr
		}
	}()
	if m.Class, err = classOf(h); err != nil {
		return m, err
	}
	var flags uint32
	if windows.GetVolumeInformationByHandle(h, nil, 0, nil, nil, &flags, nil, 0) == nil { // some servers have none
		m.ReadOnly = flags&windows.FILE_READ_ONLY_VOLUME != 0
	}
	final, err := finalPath(h)
	if err != nil {
		final = m.Dir // as given, which may say it too
	}
	if m.Source, m.Server = shareOf(final); m.Source != "" {
		m.Point, m.Dir = m.Source, `\\`+strings.TrimPrefix(strings.TrimPrefix(final, `\\?\UNC\`), `\\`)
		return m, nil
	}
	m.Dir = strings.TrimPrefix(final, `\\?\`)
	m.Point, m.Source, err = volumeOf(m.Dir)
	return m, err
}

// volumeOf is where the volume of a path is mounted, and its name, which is ""
// for what stands for one only (subst, a RAM disk's driver).
func volumeOf(path string) (point, name string, err error) {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return "", "", err
	}
	buf := make([]uint16, len(path)+windows.MAX_PATH)
	if err := windows.GetVolumePathName(p, &buf[0], uint32(len(buf))); err != nil {
		return "", "", err
	}
	point = windows.UTF16ToString(buf)
	var volume [windows.MAX_PATH]uint16
	err = windows.GetVolumeNameForVolumeMountPoint(&buf[0], &volume[0], uint32(len(volume)))
	if errors.Is(err, windows.ERROR_NOT_A_REPARSE_POINT) || errors.Is(err, windows.ERROR_INVALID_NAME) || errors.Is(err, windows.ERROR_INVALID_PARAMETER) {
		return point, "", nil
	}
	return point, windows.UTF16ToString(volume[:]), err
}

func mountTable() ([]mountEntry, error) { return nil, nil }
