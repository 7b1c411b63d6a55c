package fsys

import (
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Another program may have the file open without sharing it: a scanner for
// viruses, an editor, one in Go that reads it (package os does not share the
// right to delete). Most are done within a moment. So what is refused for that
// is tried again, for as long as sharePatience; who lists a whole directory has
// less, for a database in it may be open for days.
const (
	listedPatience = 50 * time.Millisecond
	firstPause     = time.Millisecond
	longestPause   = 50 * time.Millisecond
)

var sharePatience = time.Second // shorter in tests

// createFile opens the very thing that path names: not what a link leads to.
// The handle is not inherited by children.
func createFile(path string, access, share, disposition, flags uint32) (windows.Handle, error) {
	return createPatiently(path, access, share, disposition, flags, sharePatience)
}

func createPatiently(path string, access, share, disposition, flags uint32, patience time.Duration) (windows.Handle, error) {
	end := time.Now().Add(patience)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		h, err := createOnce(path, access, share, disposition, flags|windows.FILE_FLAG_OPEN_REPARSE_POINT)
		if err != windows.ERROR_SHARING_VIOLATION || time.Now().After(end) {
			return h, err
		}
		time.Sleep(pause)
	}
}

func createOnce(path string, access, share, disposition, flags uint32) (windows.Handle, error) {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return windows.InvalidHandle, err
	}
	h, err := windows.CreateFile(p, access, share, nil, disposition, flags, 0)
	if err == windows.ERROR_ACCESS_DENIED {
		return createDenied(p, access, share, disposition, flags)
	}
	return h, err
}

// createDenied makes the very call again that CreateFile was denied, where the
// answer still says whether it is denied, or the file is being deleted: for both
// CreateFile says ERROR_ACCESS_DENIED. As it is the call itself and no question
// about it, what changed meanwhile makes no difference: it may succeed now.
func createDenied(path *uint16, access, share, disposition, flags uint32) (windows.Handle, error) {
	var name windows.NTUnicodeString
	if err := windows.RtlDosPathNameToNtPathName(path, &name, nil, nil); err != nil {
		return windows.InvalidHandle, windows.ERROR_ACCESS_DENIED
	}
	defer rtlFreeUnicodeString(&name)
	about := windows.OBJECT_ATTRIBUTES{ObjectName: &name, Attributes: windows.OBJ_CASE_INSENSITIVE}
	about.Length = uint32(unsafe.Sizeof(about))
	options := uint32(windows.FILE_SYNCHRONOUS_IO_NONALERT)
	if flags&windows.FILE_FLAG_OPEN_REPARSE_POINT != 0 {
		options |= windows.FILE_OPEN_REPARSE_POINT
	}
	if flags&windows.FILE_FLAG_BACKUP_SEMANTICS != 0 {
		options |= windows.FILE_OPEN_FOR_BACKUP_INTENT
	} else {
		options |= windows.FILE_NON_DIRECTORY_FILE
	}
	const attributes = windows.FILE_ATTRIBUTE_NORMAL | windows.FILE_ATTRIBUTE_READONLY
	var h windows.Handle
	var done windows.IO_STATUS_BLOCK
	// What CreateFile adds to the rights that it is asked for.
	access |= windows.SYNCHRONIZE | windows.FILE_READ_ATTRIBUTES
	err := windows.NtCreateFile(&h, access, &about, &done, nil, flags&attributes, share, ntDisposition[disposition], options, 0, 0)
	switch err {
	case nil:
		return h, nil
	case windows.STATUS_DELETE_PENDING:
		return windows.InvalidHandle, &pendingError{taken: disposition != windows.OPEN_EXISTING}
	case windows.STATUS_OBJECT_NAME_COLLISION, windows.STATUS_OBJECT_NAME_NOT_FOUND, windows.STATUS_SHARING_VIOLATION:
		return windows.InvalidHandle, err.(windows.NTStatus).Errno() // it was being deleted, and is no more
	}
	return windows.InvalidHandle, windows.ERROR_ACCESS_DENIED
}

var ntDisposition = map[uint32]uint32{
	windows.CREATE_NEW:    windows.FILE_CREATE,
	windows.OPEN_EXISTING: windows.FILE_OPEN,
	windows.OPEN_ALWAYS:   windows.FILE_OPEN_IF,
}

var procRtlFreeUnicodeString = windows.NewLazySystemDLL("ntdll.dll").NewProc("RtlFreeUnicodeString")

func rtlFreeUnicodeString(s *windows.NTUnicodeString) {
	_, _, _ = procRtlFreeUnicodeString.Call(uintptr(unsafe.Pointer(s))) // returns nothing
}
