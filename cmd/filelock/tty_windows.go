package main

import (
	"os"
	"regexp"
	"unsafe"

	"golang.org/x/sys/windows"
)

// isTerminal: the console has a mode, and NUL, which package os takes for a
// character device as well, has none. The terminals of Cygwin and MSYS, and so
// of Git Bash, are pipes that only their name tells from others.
func isTerminal(f *os.File) bool {
	h := windows.Handle(f.Fd())
	var mode uint32
	if windows.GetConsoleMode(h, &mode) == nil {
		return true
	}
	if kind, err := windows.GetFileType(h); err != nil || kind != windows.FILE_TYPE_PIPE {
		return false
	}
	var name struct { // FILE_NAME_INFO
		bytes uint32
		text  [windows.MAX_PATH]uint16
	}
	if windows.GetFileInformationByHandleEx(h, windows.FileNameInfo, (*byte)(unsafe.Pointer(&name)), uint32(unsafe.Sizeof(name))) != nil {
		return false
	}
	return isPTY(windows.UTF16ToString(name.text[:min(int(name.bytes/2), len(name.text))]))
}

func isPTY(pipe string) bool {
	return regexp.MustCompile(`^\\(cygwin|msys)-[0-9a-f]+-pty[0-9]+-(from|to)-master`).MatchString(pipe)
}
