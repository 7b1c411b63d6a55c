package fsys

import (
	"io/fs"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// reparseTagUnix is the tag of a Unix socket's name (IO_REPARSE_TAG_AF_UNIX in
// ntifs.h).
const reparseTagUnix = 0x80000023

// attributeTag is FILE_ATTRIBUTE_TAG_INFO.
type attributeTag struct{ Attributes, Tag uint32 }

// basicInfo is FILE_BASIC_INFO.
type basicInfo struct {
	Creation, LastAccess, LastWrite, Change windows.Filetime
	Attributes                              uint32
	_                                       uint32
}

// infoOf describes what a handle is open on. The file index names a file on
// NTFS for good and on FAT as long as it is open; on ReFS it is half of the
// number (GetFileInformationByHandle, "Remarks").
func infoOf(h windows.Handle) (Info, error) {
	kind, err := windows.GetFileType(h)
	if err != nil {
		return Info{}, err
	}
	switch kind {
	case windows.FILE_TYPE_DISK:
	case windows.FILE_TYPE_PIPE:
		return Info{Mode: fs.ModeNamedPipe}, nil
	default:
		return Info{Mode: fs.ModeDevice}, nil // such as CON, in every directory
	}
	var st windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &st); err != nil {
		return Info{}, err
	}
	var basic basicInfo
	if err := queryInfo(h, windows.FileBasicInfo, unsafe.Pointer(&basic), unsafe.Sizeof(basic)); err != nil {
		return Info{}, err
	}
	info := Info{
		ID:         ID{Dev: uint64(st.VolumeSerialNumber), Ino: uint64(st.FileIndexHigh)<<32 | uint64(st.FileIndexLow)},
		Size:       int64(st.FileSizeHigh)<<32 | int64(st.FileSizeLow),
		Links:      uint64(st.NumberOfLinks),
		ModTime:    time.Unix(0, st.LastWriteTime.Nanoseconds()),
		ChangeTime: changeTime(basic.Change),
	}
	info.Mode, err = modeOf(h, st.FileAttributes)
	return info, err
}

// changeTime is zero where the filesystem keeps none (FAT).
func changeTime(t windows.Filetime) time.Time {
	if t.LowDateTime == 0 && t.HighDateTime == 0 {
		return time.Time{}
	}
	return time.Unix(0, t.Nanoseconds())
}

func modeOf(h windows.Handle, attributes uint32) (fs.FileMode, error) {
	perm := fs.FileMode(0o666)
	if attributes&windows.FILE_ATTRIBUTE_READONLY != 0 {
		perm = 0o444
	}
	switch {
	case attributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0:
		var tag attributeTag
		err := queryInfo(h, windows.FileAttributeTagInfo, unsafe.Pointer(&tag), unsafe.Sizeof(tag))
		switch tag.Tag {
		case windows.IO_REPARSE_TAG_SYMLINK, windows.IO_REPARSE_TAG_MOUNT_POINT:
			return perm | fs.ModeSymlink, err
		case reparseTagUnix:
			return perm | fs.ModeSocket, err
		}
		return perm | fs.ModeIrregular, err
	case attributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0:
		return perm | 0o111 | fs.ModeDir, nil
	}
	return perm, nil
}

func queryInfo(h windows.Handle, class uint32, out unsafe.Pointer, size uintptr) error {
	return windows.GetFileInformationByHandleEx(h, class, (*byte)(out), uint32(size))
}

func setInfo(h windows.Handle, class uint32, in unsafe.Pointer, size uintptr) error {
	return windows.SetFileInformationByHandle(h, class, (*byte)(in), uint32(size))
}
