package fsys

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/windows"
)

func (d *dir) Create(name string, perm fs.FileMode) (File, error) {
	if err := d.ready("create", name); err != nil {
		return nil, err
	}
	path := d.prefix + name
	attributes := uint32(windows.FILE_ATTRIBUTE_NORMAL)
	if perm&0o200 == 0 {
		attributes = windows.FILE_ATTRIBUTE_READONLY // for those who open it later
	}
	h, err := createFile(path, windows.GENERIC_READ|windows.GENERIC_WRITE, shareAll, windows.CREATE_NEW, attributes)
	if err != nil {
		return nil, d.error("create", path, err)
	}
	return &file{handle: h, path: path}, nil
}

func (d *dir) Open(name string, how OpenFlag) (File, error) {
	if err := d.ready("open", name); err != nil {
		return nil, err
	}
	path := d.prefix + name
	access, disposition := uint32(windows.GENERIC_READ), uint32(windows.OPEN_EXISTING)
	if how&OpenWrite != 0 {
		access |= windows.GENERIC_WRITE
	}
	if how&OpenCreate != 0 {
		disposition = windows.OPEN_ALWAYS
	}
	// Without FILE_FLAG_BACKUP_SEMANTICS a directory is refused with
	// ERROR_ACCESS_DENIED; with it, the access checks may be skipped.
	patience := sharePatience
	if how&OpenListed != 0 {
		patience = listedPatience
	}
	h, err := createPatiently(path, access, shareAll, disposition, windows.FILE_ATTRIBUTE_NORMAL, patience)
	if err != nil {
		return nil, d.refused(path, how, err)
	}
	info, err := infoOf(h)
	if err == nil && !info.Mode.IsRegular() {
		err = notRegular(info.Mode)
	}
	if err == nil {
		return &file{handle: h, path: path, atOpen: info}, nil
	}
	if cerr := windows.CloseHandle(h); cerr != nil {
		err = errors.Join(err, cerr)
	}
	return nil, d.error("open", path, err)
}

// refused explains a failed open. A directory cannot be locked with LockFileEx.
func (d *dir) refused(path string, how OpenFlag, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return d.error("open", path, err)
	}
	info, lerr := lstat(path)
	switch {
	case lerr != nil, info.Mode.IsRegular():
	case info.Mode.IsDir() && how&OpenDirToo != 0:
		err = errors.ErrUnsupported
	default:
		err = notRegular(info.Mode)
	}
	return d.error("open", path, err)
}
