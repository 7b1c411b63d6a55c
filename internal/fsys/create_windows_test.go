package fsys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/windows"
)

// What CreateFile was denied is asked for again by another call, which has to
// mean the same.
func TestTheCallForWhatWasDeniedMeansTheSame(t *testing.T) {
	dir := t.TempDir()
	there, missing := filepath.Join(dir, "there"), filepath.Join(dir, "missing")
	for i, c := range []struct {
		path        string
		access      uint32
		disposition uint32
		flags       uint32
	}{
		{there, windows.GENERIC_READ, windows.OPEN_EXISTING, 0},
		{there, windows.GENERIC_READ | windows.GENERIC_WRITE, windows.OPEN_EXISTING, 0},
		{there, windows.GENERIC_READ | windows.GENERIC_WRITE, windows.OPEN_ALWAYS, 0},
		{there, windows.GENERIC_READ | windows.GENERIC_WRITE, windows.CREATE_NEW, 0},
		{there, windows.DELETE, windows.OPEN_EXISTING, 0},
		{there, windows.FILE_READ_ATTRIBUTES, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS},
		{missing, windows.GENERIC_READ, windows.OPEN_EXISTING, 0},
		{missing, windows.GENERIC_READ | windows.GENERIC_WRITE, windows.OPEN_ALWAYS, windows.FILE_ATTRIBUTE_NORMAL},
		{missing, windows.GENERIC_READ | windows.GENERIC_WRITE, windows.CREATE_NEW, windows.FILE_ATTRIBUTE_READONLY},
		{dir, windows.FILE_READ_ATTRIBUTES, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS},
		{dir, windows.GENERIC_READ, windows.OPEN_EXISTING, 0},
		{`\\?\` + there, windows.GENERIC_READ, windows.OPEN_EXISTING, 0},
	} {
		var said [2]error
		for n, call := range []func(*uint16, uint32, uint32, uint32, uint32) (windows.Handle, error){
			func(p *uint16, access, share, disposition, flags uint32) (windows.Handle, error) {
				return windows.CreateFile(p, access, share, nil, disposition, flags, 0)
			},
			createDenied,
		} {
			_ = os.Chmod(missing, 0o666)
			_ = os.Remove(missing)
			need(t, os.WriteFile(there, []byte("x"), 0o666))
			p, err := windows.UTF16PtrFromString(c.path)
			need(t, err)
			h, err := call(p, c.access, shareAll, c.disposition, c.flags|windows.FILE_FLAG_OPEN_REPARSE_POINT)
			said[n] = err
			if err == windows.ERROR_ALREADY_EXISTS {
				said[n] = windows.ERROR_FILE_EXISTS // it is asked for as fs.ErrExist
			}
			if err != nil {
				continue
			}
			info, err := infoOf(h)
			need(t, err)
			if readOnly := info.Mode.Perm()&0o200 == 0; readOnly != (c.flags == windows.FILE_ATTRIBUTE_READONLY) {
				t.Errorf("case %d, call %d: the mode is %v", i, n, info.Mode)
			}
			if f := (&file{handle: h}); c.access&windows.GENERIC_WRITE != 0 {
				need(t, f.Write([]byte("y"))) // a synchronous handle
				need(t, f.TryLock(Exclusive))
				need(t, f.Close())
			} else {
				need(t, windows.CloseHandle(h))
			}
		}
		if said[0] != said[1] {
			t.Errorf("case %d: CreateFile says %v, the other %v", i, said[0], said[1])
		}
	}
}

func need(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestErrorsThatAreToldApart(t *testing.T) {
	for _, c := range []struct {
		err                                                   error
		exist, notExist, permission, pending, passing, isFull bool
	}{
		{err: windows.ERROR_ACCESS_DENIED, permission: true},
		{err: windows.ERROR_FILE_EXISTS, exist: true},
		{err: windows.ERROR_FILE_NOT_FOUND, notExist: true},
		{err: windows.ERROR_PATH_NOT_FOUND, notExist: true},
		{err: windows.ERROR_DELETE_PENDING, notExist: true, pending: true},
		{err: &pendingError{taken: true}, exist: true, pending: true},
		{err: &pendingError{}, notExist: true, pending: true},
		{err: windows.ERROR_SHARING_VIOLATION}, // it has been tried for long enough
		{err: windows.ERROR_LOCK_VIOLATION, passing: true},
		{err: windows.ERROR_BAD_NETPATH, passing: true}, // not fs.ErrNotExist: no server says so
		{err: windows.ERROR_NETNAME_DELETED, passing: true},
		{err: windows.ERROR_DISK_FULL, isFull: true},
	} {
		d := realFS{}.At(`C:\`).(*dir)
		err := d.error("open", `C:\x`, c.err)
		for what, got := range map[string][2]bool{
			"fs.ErrExist":      {errors.Is(err, fs.ErrExist), c.exist},
			"fs.ErrNotExist":   {errors.Is(err, fs.ErrNotExist), c.notExist},
			"fs.ErrPermission": {errors.Is(err, fs.ErrPermission), c.permission},
			"ErrDeletePending": {errors.Is(err, ErrDeletePending), c.pending},
			"MayPass":          {MayPass(err), c.passing},
			"IsFull":           {IsFull(err), c.isFull},
			"IsGone":           {IsGone(err), c.notExist},
		} {
			if got[0] != got[1] {
				t.Errorf("%v: %s is %t", err, what, got[0])
			}
		}
		if _, ours := c.err.(*pendingError); !ours && c.err != windows.ERROR_DELETE_PENDING && !errors.Is(err, c.err) {
			t.Errorf("%v does not match %v", err, c.err)
		}
	}
}

// Where 64 bits do not tell a file, ReFS for one, all files would be the same.
func TestFilesWithoutAnIndexAreToldApart(t *testing.T) {
	indexOf := func(name string, index uint64) (n uint64) {
		path := filepath.Join(t.TempDir(), name)
		need(t, os.WriteFile(path, nil, 0o666))
		need(t, withHandle(path, windows.FILE_READ_ATTRIBUTES, 0, func(h windows.Handle) (err error) {
			n, err = fileIndex(h, index)
			return err
		}))
		return n
	}
	if n := indexOf("a", 7); n != 7 {
		t.Errorf("index 7 is %d", n)
	}
	if a, b := indexOf("a", noIndex), indexOf("b", noIndex); a == b || a == noIndex || b == noIndex {
		t.Errorf("two files have the numbers %#x and %#x", a, b)
	}
}
