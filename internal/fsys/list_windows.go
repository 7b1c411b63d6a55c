package fsys

import (
	"io/fs"

	"golang.org/x/sys/windows"
)

// list reads the names that match a pattern, one at a time.
func list(pattern string, yield func(Entry) bool) (err error) {
	p, err := windows.UTF16PtrFromString(pattern)
	if err != nil {
		return err
	}
	var found windows.Win32finddata
	h, err := windows.FindFirstFile(p, &found)
	if err == windows.ERROR_FILE_NOT_FOUND {
		return nil // the root of an empty drive has not even "."
	}
	if err != nil {
		return err
	}
	defer func() {
		if cerr := windows.FindClose(h); err == nil {
			err = cerr
		}
	}()
	for {
		name := windows.UTF16ToString(found.FileName[:])
		if name != "." && name != ".." && !yield(Entry{name, listedType(found.FileAttributes)}) {
			return nil
		}
		switch err := windows.FindNextFile(h, &found); err {
		case nil:
		case windows.ERROR_NO_MORE_FILES:
			return nil
		default:
			return err
		}
	}
}

// listedType leaves it open what kind of reparse point it is.
func listedType(attributes uint32) fs.FileMode {
	switch {
	case attributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0:
		return fs.ModeIrregular
	case attributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0:
		return fs.ModeDir
	}
	return 0
}
