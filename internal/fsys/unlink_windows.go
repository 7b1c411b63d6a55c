package fsys

import (
	"crypto/rand"
	"encoding/hex"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Unlink frees the name at once. A filesystem with POSIX deletion does so (NTFS
// since Windows 10 1607): others delete a file when its last handle is closed,
// and keep its name until then, under which nothing can be made meanwhile. Where
// that is so the file gets another name first.
func (d *dir) Unlink(name string) error {
	if err := d.ready("unlink", name); err != nil {
		return err
	}
	path := d.prefix + name
	// Without FILE_FLAG_BACKUP_SEMANTICS a directory cannot be opened.
	err := withHandle(path, windows.DELETE, 0, func(h windows.Handle) error { return unlink(h, name) })
	if err == errReadOnly {
		// To take that away is another right, which not everybody has who may delete.
		err = withHandle(path, windows.DELETE|windows.FILE_WRITE_ATTRIBUTES, 0, func(h windows.Handle) error { return unlinkReadOnly(h, name) })
	}
	if err != nil {
		return d.error("unlink", path, err)
	}
	return nil
}

// errReadOnly: the file has the attribute with which nothing is deleted, but by
// POSIX deletion.
var errReadOnly error = windows.ERROR_FILE_READ_ONLY

// unlink removes the name of a file that was opened with DELETE.
func unlink(h windows.Handle, name string) error {
	flags := uint32(windows.FILE_DISPOSITION_DELETE | windows.FILE_DISPOSITION_POSIX_SEMANTICS | windows.FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE)
	err := setInfo(h, windows.FileDispositionInfoEx, unsafe.Pointer(&flags), unsafe.Sizeof(flags))
	if !lacksPOSIX(err) {
		return err
	}
	info, err := infoOf(h)
	if err != nil {
		return err
	}
	if info.Mode.Perm()&0o200 == 0 {
		return errReadOnly
	}
	return deleteAtClose(h, name)
}

func unlinkReadOnly(h windows.Handle, name string) error {
	var basic basicInfo
	if err := queryInfo(h, windows.FileBasicInfo, unsafe.Pointer(&basic), unsafe.Sizeof(basic)); err != nil {
		return err
	}
	writable := basicInfo{Attributes: basic.Attributes &^ windows.FILE_ATTRIBUTE_READONLY} // times of zero are left as they are
	if writable.Attributes == 0 {
		writable.Attributes = windows.FILE_ATTRIBUTE_NORMAL
	}
	if err := setInfo(h, windows.FileBasicInfo, unsafe.Pointer(&writable), unsafe.Sizeof(writable)); err != nil {
		return err
	}
	err := deleteAtClose(h, name)
	if err != nil {
		readOnly := basicInfo{Attributes: basic.Attributes}
		_ = setInfo(h, windows.FileBasicInfo, unsafe.Pointer(&readOnly), unsafe.Sizeof(readOnly)) // the error before is the one that matters
	}
	return err
}

// deleteAtClose has the file deleted when nobody has it open any more, under
// another name if it can be given one. A crash in between leaves a lock file
// under that name that nobody holds, and it is reaped as such.
func deleteAtClose(h windows.Handle, name string) error {
	freed := !IsAside(name) && renameAside(h) == nil
	yes := byte(1) // FILE_DISPOSITION_INFO
	err := setInfo(h, windows.FileDispositionInfo, unsafe.Pointer(&yes), unsafe.Sizeof(yes))
	if freed {
		return nil // the name that matters is free
	}
	return err
}

// lacksPOSIX: it is an older Windows, or a filesystem without POSIX semantics
// (FAT, most servers). See internal/syscall/windows.Deleteat in Go.
func lacksPOSIX(err error) bool {
	switch err {
	case windows.ERROR_INVALID_FUNCTION, windows.ERROR_INVALID_PARAMETER, windows.ERROR_NOT_SUPPORTED:
		return true
	}
	return false
}

// renameAside gives an open file a name that nothing else has, where it is.
func renameAside(h windows.Handle) error {
	path, err := finalPath(h)
	if err != nil {
		return err
	}
	var random [16]byte
	rand.Read(random[:]) // never fails: it ends the process instead
	to := filepath.Dir(path) + `\` + AsideName(hex.EncodeToString(random[:]))
	return renameTo(h, to, windows.FileRenameInfo, 0)
}

// renameInfo is FILE_RENAME_INFO. The name follows, and a NUL.
type renameInfo struct {
	Flags      uint32 // Ex; else a BOOLEAN: ReplaceIfExists
	Root       windows.Handle
	NameLength uint32 // in bytes, without the NUL
	Name       [1]uint16
}

// renameTo gives an open file another name; to is a full path.
func renameTo(h windows.Handle, to string, class, flags uint32) error {
	name, err := windows.UTF16FromString(to)
	if err != nil {
		return err
	}
	size := unsafe.Offsetof(renameInfo{}.Name) + 2*uintptr(len(name))
	// In words, so that it is aligned.
	words := make([]uint64, (max(size, unsafe.Sizeof(renameInfo{}))+7)/8)
	info := (*renameInfo)(unsafe.Pointer(&words[0]))
	info.Flags = flags
	info.NameLength = uint32(2 * (len(name) - 1))
	copy(unsafe.Slice(&info.Name[0], len(name)), name)
	return setInfo(h, class, unsafe.Pointer(info), size)
}

// Rename replaces a file that others have open where there are POSIX semantics
// (NTFS since Windows 10 1709), and elsewhere is refused that with
// ERROR_ACCESS_DENIED.
func (d *dir) Rename(name, to string) error {
	for _, n := range []string{name, to} {
		if err := d.ready("rename", n); err != nil {
			return err
		}
	}
	if err := rename(d.prefix+name, d.prefix+to); err != nil {
		return d.error("rename", d.prefix+name, err)
	}
	return nil
}

func rename(from, to string) error {
	full, err := filepath.Abs(to)
	if err != nil {
		return err
	}
	const flags = windows.FILE_RENAME_REPLACE_IF_EXISTS | windows.FILE_RENAME_POSIX_SEMANTICS | windows.FILE_RENAME_IGNORE_READONLY_ATTRIBUTE
	return withHandle(from, windows.DELETE, 0, func(h windows.Handle) error {
		err := renameTo(h, full, windows.FileRenameInfoEx, flags)
		if lacksPOSIX(err) {
			err = renameTo(h, full, windows.FileRenameInfo, windows.FILE_RENAME_REPLACE_IF_EXISTS)
		}
		return err
	})
}
