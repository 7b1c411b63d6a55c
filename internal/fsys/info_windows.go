package fsys

import (
	"errors"
	"io/fs"
	"math/bits"
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
// NTFS for good, and on FAT a place in the directory, which an open file keeps
// until it is renamed (BY_HANDLE_FILE_INFORMATION, "Remarks"). ReFS makes it of a
// number twice as long: see fileIndex.
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
	index, err := fileIndex(h, uint64(st.FileIndexHigh)<<32|uint64(st.FileIndexLow))
	if err != nil {
		return Info{}, err
	}
	info := Info{
		ID:         ID{Dev: uint64(st.VolumeSerialNumber), Ino: index},
		Size:       int64(st.FileSizeHigh)<<32 | int64(st.FileSizeLow),
		Links:      uint64(st.NumberOfLinks),
		ModTime:    time.Unix(0, st.LastWriteTime.Nanoseconds()),
		ChangeTime: changeTime(basic.Change),
	}
	info.Mode, err = modeOf(h, st.FileAttributes)
	return info, err
}

// noIndex is what has no number of 64 bits that is its own (MS-FSCC 2.1.9): any
// two such files would seem to be one, whatever the path names.
const noIndex = 1<<64 - 1

// fileIndex is index if it is one. Else it is made of the number of 128 bits, of
// which, on ReFS, the one half is the directory and the other the file in it: so
// it is different for each file that one path has ever named.
func fileIndex(h windows.Handle, index uint64) (uint64, error) {
	if index != noIndex {
		return index, nil
	}
	var id struct { // FILE_ID_INFO
		volume uint64
		file   [2]uint64
	}
	if err := queryInfo(h, windows.FileIdInfo, unsafe.Pointer(&id), unsafe.Sizeof(id)); err != nil {
		return 0, err
	}
	if id.file == [2]uint64{noIndex, noIndex} {
		return 0, errNoIndex
	}
	return id.file[0] ^ bits.RotateLeft64(id.file[1], 32), nil
}

var errNoIndex = errors.New("the filesystem does not tell its files apart")

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
