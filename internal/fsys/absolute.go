package fsys

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Absolute makes a path independent of the working directory. Unlike
// filepath.Abs it keeps a "..": behind a symbolic link that means the parent of
// what the link points to, not the lexical parent.
//
// On Windows a path that would name another file than it says, or a device, is
// an error matching fs.ErrInvalid.
func Absolute(path string) (string, error) {
	if runtime.GOOS == "windows" {
		if err := badWin32Path(path); err != nil {
			return path, err
		}
	}
	for p := range strings.FieldsFuncSeq(path, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) }) {
		if p != ".." {
			continue
		}
		if filepath.IsAbs(path) {
			return path, nil
		}
		wd, err := os.Getwd()
		if err != nil {
			return path, err
		}
		return strings.TrimSuffix(wd, string(os.PathSeparator)) + string(os.PathSeparator) + path, nil
	}
	return filepath.Abs(path)
}

// SplitPath splits an absolute path into the directory in which its last
// component is looked up, and that component: "", "." or ".." when it names a
// directory rather than a file in one.
func SplitPath(abs string) (dir, name string) {
	dir, name = filepath.Split(abs)
	for len(dir) > len(filepath.VolumeName(dir))+1 && os.IsPathSeparator(dir[len(dir)-1]) {
		dir = dir[:len(dir)-1]
	}
	return dir, name
}
