package fsys

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

type file struct {
	handle windows.Handle
	path   string
	atOpen Info
	locked bool // a kernel lock was taken and not dropped since
}

func (f *file) error(op string, err error) error {
	if f.handle == windows.InvalidHandle {
		err = fs.ErrClosed
	}
	return &fs.PathError{Op: op, Path: f.path, Err: explained(err)}
}

func (f *file) OpenInfo() Info { return f.atOpen }

func (f *file) Info() (Info, error) {
	info, err := infoOf(f.handle)
	if err != nil {
		return Info{}, f.error("fstat", err)
	}
	return info, nil
}

func (f *file) Kind() (Info, error) { return f.Info() }

// firstRead is room for a record as they usually are.
const firstRead = 1024

func (f *file) Read(max int) ([]byte, error) {
	b := make([]byte, 0, min(max, firstRead))
	for len(b) < max {
		if len(b) == cap(b) {
			grown := make([]byte, len(b), min(max, 4*cap(b)))
			copy(grown, b)
			b = grown
		}
		var n uint32
		err := windows.ReadFile(f.handle, b[len(b):cap(b)], &n, &windows.Overlapped{Offset: uint32(len(b))})
		if err != nil && err != windows.ERROR_HANDLE_EOF {
			return nil, f.error("read", err)
		}
		if n == 0 {
			break
		}
		b = b[:len(b)+int(n)]
	}
	return b, nil
}

func (f *file) ReadInto(b []byte) (n int, err error) {
	for n < len(b) {
		var m uint32
		err := windows.ReadFile(f.handle, b[n:], &m, &windows.Overlapped{Offset: uint32(n)})
		if err != nil && err != windows.ERROR_HANDLE_EOF {
			return n, f.error("read", err)
		}
		n += int(m)
		if m == 0 || int64(n) == f.atOpen.Size {
			break
		}
	}
	return n, nil
}

func (f *file) Write(b []byte) error {
	var n uint32
	if err := windows.WriteFile(f.handle, b, &n, &windows.Overlapped{}); err != nil {
		return f.error("write", err)
	}
	if int(n) < len(b) {
		return f.error("write", io.ErrShortWrite)
	}
	return nil
}

func (f *file) Truncate(size int64) error {
	if err := setInfo(f.handle, windows.FileEndOfFileInfo, unsafe.Pointer(&size), unsafe.Sizeof(size)); err != nil {
		return f.error("truncate", err)
	}
	return nil
}

func (f *file) Extend(size int64) error {
	var n uint32
	at := uint64(size - 1)
	err := windows.WriteFile(f.handle, []byte{'.'}, &n, &windows.Overlapped{Offset: uint32(at), OffsetHigh: uint32(at >> 32)})
	if err != nil {
		return f.error("write", err)
	}
	return nil
}

// Touch sets this machine's time: there is no call for the server's.
func (f *file) Touch() error {
	var now windows.Filetime
	windows.GetSystemTimePreciseAsFileTime(&now)
	if err := windows.SetFileTime(f.handle, nil, nil, &now); err != nil {
		return f.error("set time", err)
	}
	return nil
}

func (f *file) Sync() error {
	if err := windows.FlushFileBuffers(f.handle); err != nil {
		return f.error("flush", err)
	}
	return nil
}

// Chmod knows one bit: without 0o200 the file is read-only.
func (f *file) Chmod(perm fs.FileMode) error {
	var basic basicInfo
	err := queryInfo(f.handle, windows.FileBasicInfo, unsafe.Pointer(&basic), unsafe.Sizeof(basic))
	if err == nil {
		// Times of zero are left as they are; NORMAL goes with nothing else.
		attributes := basic.Attributes &^ (windows.FILE_ATTRIBUTE_READONLY | windows.FILE_ATTRIBUTE_NORMAL)
		if perm&0o200 == 0 {
			attributes |= windows.FILE_ATTRIBUTE_READONLY
		}
		if attributes == 0 {
			attributes = windows.FILE_ATTRIBUTE_NORMAL
		}
		basic = basicInfo{Attributes: attributes}
		err = setInfo(f.handle, windows.FileBasicInfo, unsafe.Pointer(&basic), unsafe.Sizeof(basic))
	}
	if err != nil {
		return f.error("chmod", err)
	}
	return nil
}

func (f *file) Class() (Class, error) {
	c, err := classOf(f.handle)
	if err != nil {
		return Class{}, f.error("class", err)
	}
	return c, nil
}

func (f *file) Dup() (*os.File, error) { return nil, f.error("dup", errors.ErrUnsupported) }

func (f *file) CloseOnly() error { return f.Close() }

// Close drops the lock first: Windows unlocks what a closed handle had locked,
// but at its leisure (LockFileEx, "Remarks").
func (f *file) Close() error {
	if f.handle == windows.InvalidHandle {
		return f.error("close", fs.ErrClosed)
	}
	var uerr error
	if f.locked {
		uerr = f.Unlock()
	}
	err := windows.CloseHandle(f.handle)
	if err != nil {
		err = f.error("close", err)
	}
	f.handle = windows.InvalidHandle
	if uerr != nil {
		return errors.Join(uerr, err)
	}
	return err
}
