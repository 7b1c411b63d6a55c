package fsys

import (
	"strings"
	"unsafe"

	"github.com/google/uuid"
	"golang.org/x/sys/windows"
)

// remove removes the file name, on which h is open with DELETE.
//
// NTFS since Windows 10 1607 takes the name away at once (POSIX semantics).
// Elsewhere, on FAT for one, it would stay until the last handle is closed, and
// whoever opens or makes the file meanwhile would be refused: an owner who has
// lost the lock, or a waiter who is blocked on the file, would keep the name from
// everybody. A file that is renamed leaves its name whoever has it open. What a
// crash between the two may leave is a lock file that nobody holds, by a name
// that is no lock's, and is reaped as such.
func (d *dir) remove(h windows.Handle, name string) error {
	flags := uint32(windows.FILE_DISPOSITION_DELETE | windows.FILE_DISPOSITION_POSIX_SEMANTICS | windows.FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE)
	err := setInfo(h, windows.FileDispositionInfoEx, unsafe.Pointer(&flags), unsafe.Sizeof(flags))
	switch err {
	case windows.ERROR_INVALID_FUNCTION, windows.ERROR_INVALID_PARAMETER, windows.ERROR_NOT_SUPPORTED:
		// See internal/syscall/windows.Deleteat in Go.
	default:
		return err
	}
	path := d.prefix + name
	if !strings.HasPrefix(name, ".filelock-") || !strings.HasSuffix(name, ".gone") { // a reaper has done that
		gone := d.prefix + ".filelock-" + uuid.NewString() + ".gone"
		if renameTo(h, gone) == nil { // else the name goes with the last handle
			path = gone
		}
	}
	err = deleteOnClose(h)
	if err != windows.ERROR_ACCESS_DENIED {
		return err
	}
	// It may be read-only.
	f := file{path: path}
	return withHandle(path, windows.FILE_READ_ATTRIBUTES|windows.FILE_WRITE_ATTRIBUTES, 0, func(w windows.Handle) error {
		f.handle = w
		if cerr := f.Chmod(0o666); cerr != nil {
			return err
		}
		return deleteOnClose(h)
	})
}

// deleteOnClose marks a file opened with DELETE for deletion.
func deleteOnClose(h windows.Handle) error {
	yes := byte(1) // FILE_DISPOSITION_INFO
	return setInfo(h, windows.FileDispositionInfo, unsafe.Pointer(&yes), unsafe.Sizeof(yes))
}

// renameInfo is FILE_RENAME_INFO without the name that follows it.
type renameInfo struct {
	ReplaceIfExists byte
	RootDirectory   windows.Handle
	FileNameLength  uint32
	FileName        [1]uint16
}

// renameTo gives the file that h is open on with DELETE another name.
func renameTo(h windows.Handle, path string) error {
	to, err := windows.UTF16FromString(path)
	if err != nil {
		return err
	}
	size := unsafe.Sizeof(renameInfo{}) + uintptr(len(to))*2
	room := make([]uint64, (size+7)/8) // aligned as the structure has to be
	info := (*renameInfo)(unsafe.Pointer(&room[0]))
	info.FileNameLength = uint32(len(to)-1) * 2
	copy(unsafe.Slice(&info.FileName[0], len(to)), to)
	return setInfo(h, windows.FileRenameInfo, unsafe.Pointer(info), size)
}
