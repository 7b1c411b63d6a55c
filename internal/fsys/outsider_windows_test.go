package fsys_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/fsys"
)

// What another program, which knows nothing of locks, can do with the file of a
// lock that is held. README and SECURITY.md say the same.

const shareAll = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE

func createFile(path string, access, share uint32) (windows.Handle, error) {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return windows.InvalidHandle, err
	}
	return windows.CreateFile(p, access, share, nil, windows.OPEN_EXISTING, 0, 0)
}

// outsider does one thing to a file by path.
var outsider = map[string]func(path string) error{
	"read": func(path string) error { return wantContent(path) },
	"open to read, share all": func(path string) error {
		return opening(path, windows.GENERIC_READ, shareAll)
	},
	"open to read, share reading and writing": func(path string) error {
		return opening(path, windows.GENERIC_READ, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE)
	},
	"open to read, share reading": func(path string) error {
		return opening(path, windows.GENERIC_READ, windows.FILE_SHARE_READ)
	},
	"open to read, share nothing": func(path string) error {
		return opening(path, windows.GENERIC_READ, 0)
	},
	"read the attributes": func(path string) error {
		return opening(path, windows.FILE_READ_ATTRIBUTES, 0)
	},
	"copy": func(path string) error {
		from, err := windows.UTF16PtrFromString(path)
		if err != nil {
			return err
		}
		to, err := windows.UTF16PtrFromString(path + ".copy")
		if err != nil {
			return err
		}
		ok, _, err := windows.NewLazySystemDLL("kernel32.dll").NewProc("CopyFileW").Call(uintptr(unsafe.Pointer(from)), uintptr(unsafe.Pointer(to)), 1)
		if ok == 0 {
			return err
		}
		return wantContent(path + ".copy")
	},
	"lock its contents": func(path string) error {
		h, err := createFile(path, windows.GENERIC_READ, shareAll)
		if err != nil {
			return err
		}
		defer windows.CloseHandle(h)
		return windows.LockFileEx(h, windows.LOCKFILE_FAIL_IMMEDIATELY|windows.LOCKFILE_EXCLUSIVE_LOCK, 0, 1<<20, 0, &windows.Overlapped{})
	},
	"lock all of it": func(path string) error {
		h, err := createFile(path, windows.GENERIC_READ, shareAll)
		if err != nil {
			return err
		}
		defer windows.CloseHandle(h)
		return windows.LockFileEx(h, windows.LOCKFILE_FAIL_IMMEDIATELY|windows.LOCKFILE_EXCLUSIVE_LOCK, 0, 1<<32-1, 1<<31-1, &windows.Overlapped{})
	},
	"write": func(path string) error {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteAt([]byte(content), 0)
		return errors.Join(err, f.Close())
	},
	"rename": func(path string) error { return os.Rename(path, path+".moved") },
	"delete": os.Remove,
}

const content = "a record"

func opening(path string, access, share uint32) error {
	h, err := createFile(path, access, share)
	if err != nil {
		return err
	}
	return windows.CloseHandle(h)
}

func wantContent(path string) error {
	b, err := os.ReadFile(path)
	if err == nil && string(b) != content {
		err = fmt.Errorf("it reads %q", b)
	}
	return err
}

func init() {
	roles["outsider"] = func(args []string) error {
		err := outsider[args[0]](args[1])
		var errno windows.Errno
		if errors.As(err, &errno) {
			fmt.Println(int(errno))
		} else {
			fmt.Println(err)
		}
		return nil
	}
}

func TestWhatAnotherProgramCanDoWithAHeldLockFile(t *testing.T) {
	for does, want := range map[string]string{
		"read":                    "<nil>",
		"open to read, share all": "<nil>",
		"open to read, share reading and writing": "<nil>",
		"open to read, share reading":             "32", // the owner may write: ERROR_SHARING_VIOLATION
		"open to read, share nothing":             "32",
		"read the attributes":                     "<nil>",
		"copy":                                    "<nil>",
		"lock its contents":                       "<nil>", // and nobody can read it as long
		"lock all of it":                          "33",    // ERROR_LOCK_VIOLATION
		"write":                                   "<nil>", // nothing guards the contents
		"rename":                                  "<nil>",
		"delete":                                  "<nil>",
	} {
		t.Run(does, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.lock")
			f := create(t, at(path), "a.lock")
			must(t, f.TryLock(fsys.Exclusive))
			must(t, f.Write([]byte(content)))
			info, err := f.Info()
			must(t, err)
			out, err := roleCommand("outsider", does, path).Output()
			must(t, err)
			if got := string(out); got != want+"\n" {
				t.Errorf("another program: %s, want %s", got, want)
			}
			gone := does == "rename" || does == "delete"
			if gone && does == "delete" && emulation.Wine() {
				gone = false // it keeps the name, and opens the file all the same
			}
			named, err := fsys.Names(at(path), "a.lock", info.ID)
			if err != nil || named == gone {
				t.Errorf("the path names the owner's file: %t, %v", named, err)
			}
			g, err := fsys.Real.At(filepath.Dir(path)).Create("other", 0o644) // the directory is as it was
			must(t, err)
			closing(t, g, f)
		})
	}
}

// Until it is closed, a file that somebody deletes without POSIX semantics has
// its name, and cannot be opened. That is neither a lock that is held nor a
// right that is wanting.
func TestAPendingDeletionIsToldApart(t *testing.T) {
	emulation.SkipWine(t, "it opens a file whose deletion is pending, which Windows does not")
	path := filepath.Join(t.TempDir(), "a.lock")
	d := at(path)
	f := create(t, d, "a.lock")
	info, err := f.Info()
	must(t, err)
	h, err := createFile(path, windows.DELETE, shareAll)
	must(t, err)
	yes := byte(1) // FILE_DISPOSITION_INFO, of before there were POSIX semantics
	must(t, windows.SetFileInformationByHandle(h, windows.FileDispositionInfo, &yes, 1))
	must(t, windows.CloseHandle(h))

	_, err = d.Create("a.lock", 0o644)
	wantPending(t, "create", err, fs.ErrExist)
	_, err = d.Open("a.lock", fsys.OpenWrite|fsys.OpenCreate)
	wantPending(t, "open or create", err, fs.ErrExist)
	_, err = d.Open("a.lock", fsys.OpenRead)
	wantPending(t, "open", err, fs.ErrNotExist)
	_, err = d.Lstat("a.lock")
	wantPending(t, "lstat", err, fs.ErrNotExist)
	wantPending(t, "unlink", d.Unlink("a.lock"), fs.ErrNotExist)
	if named, err := fsys.Names(d, "a.lock", info.ID); named || err != nil {
		t.Errorf("it is named: %t, %v", named, err)
	}
	closing(t, f)
	closing(t, create(t, d, "a.lock"))
}

func wantPending(t *testing.T, what string, err, also error) {
	t.Helper()
	if !errors.Is(err, fsys.ErrDeletePending) || !errors.Is(err, also) || errors.Is(err, fs.ErrPermission) {
		t.Errorf("%s: %v, want %v", what, err, fsys.ErrDeletePending)
	}
}

// A program that does not share what it has open is waited for, and named if it
// goes on.
func TestWhatAnotherDoesNotShare(t *testing.T) {
	usual := fsys.SetPatience(10 * time.Millisecond)
	defer fsys.SetPatience(usual)
	path := filepath.Join(t.TempDir(), "a.lock")
	d := at(path)
	f := create(t, d, "a.lock")
	closing(t, f)
	for _, share := range []uint32{0, windows.FILE_SHARE_READ, windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE} {
		h, err := createFile(path, windows.GENERIC_READ, share)
		must(t, err)
		for what, call := range map[string]func() error{
			"open to read":  func() error { f, err := d.Open("a.lock", fsys.OpenRead); return closed(f, err) },
			"open listed":   func() error { f, err := d.Open("a.lock", fsys.OpenListed); return closed(f, err) },
			"open to write": func() error { f, err := d.Open("a.lock", fsys.OpenWrite); return closed(f, err) },
			"unlink":        func() error { return d.Unlink("a.lock") },
		} {
			refused := what == "unlink" || share == 0 || share == windows.FILE_SHARE_READ && what == "open to write"
			err := call()
			if !refused {
				must(t, err)
				continue
			}
			wantErr(t, err, windows.ERROR_SHARING_VIOLATION)
			if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) || fsys.MayPass(err) {
				t.Errorf("share %d, %s: %v", share, what, err)
			}
		}
		_, err = d.Create("a.lock", 0o644)
		wantErr(t, err, fs.ErrExist)
		_, err = d.Lstat("a.lock")
		must(t, err)
		must(t, windows.CloseHandle(h))
	}
	// One that goes is not even told of.
	fsys.SetPatience(time.Minute)
	h, err := createFile(path, windows.GENERIC_READ, 0)
	must(t, err)
	done := make(chan error)
	go func() { done <- d.Unlink("a.lock") }()
	must(t, windows.CloseHandle(h))
	must(t, <-done)
}

func closed(f fsys.File, err error) error {
	if err != nil {
		return err
	}
	return f.Close()
}
