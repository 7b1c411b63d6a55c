package fsys

import (
	"io/fs"
	"strings"
)

// What Windows takes a name for is not always a file of that name, and it says
// nothing about it: "a.lock." is "a.lock", "aux.lock" is a device. So these are
// refused before it is asked. The rules are the same for every Windows, although
// a newer one is less strict: a lock is to be the same file everywhere. They are
// compiled everywhere, so that they are tested everywhere.

// nameError says why a name or path can be no lock's.
type nameError string

func (e nameError) Error() string        { return string(e) }
func (e nameError) Is(target error) bool { return target == fs.ErrInvalid }

const (
	errDeviceName nameError = "the name is a device's on Windows, whatever it ends with"
	errDropped    nameError = "Windows leaves out a dot or space at the end of a name"
	errStream     nameError = "a colon in a name means a stream of another file on Windows"
	errCharacter  nameError = `no name can have a control character or one of < > " | ? * on Windows`
	errDevicePath nameError = "the path is in Windows's namespace of devices"
)

// badWin32Name says what is wrong with one component of a path, other than "."
// and "..".
func badWin32Name(name string) error {
	for i := range len(name) {
		switch c := name[i]; {
		case c == ':':
			return errStream
		case c < ' ', strings.IndexByte(`<>"|?*`, c) >= 0:
			return errCharacter
		}
	}
	if n := len(name); n > 0 && (name[n-1] == '.' || name[n-1] == ' ') {
		return errDropped
	}
	if isDevice(name) {
		return errDeviceName
	}
	return nil
}

// isDevice is RtlIsDosDeviceName_U of older Windows, for a single name: what
// comes behind a dot does not count, nor do spaces before it.
func isDevice(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	if !strings.HasPrefix(base, "COM") && !strings.HasPrefix(base, "LPT") {
		return false
	}
	switch base[3:] {
	case "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³":
		return true
	}
	return false
}

// badWin32Path says what is wrong with a path as it was given, before Windows
// makes something else of it: GetFullPathName drops the dot of "a.lock.", and
// makes `\\.\aux` of "aux.lock".
func badWin32Path(path string) error {
	path = strings.ReplaceAll(path, "/", `\`)
	if strings.HasPrefix(path, `\\.\`) || strings.HasPrefix(path, `\??\`) {
		return errDevicePath
	}
	rest, verbatim := strings.CutPrefix(path, `\\?\`)
	if verbatim && !isDrive(rest) && !hasPrefixFold(rest, `UNC\`) && !hasPrefixFold(rest, `Volume{`) {
		return errDevicePath
	}
	if isDrive(rest) {
		rest = rest[2:]
	}
	name := rest[strings.LastIndexByte(rest, '\\')+1:]
	if name == "." || name == ".." {
		return nil
	}
	return badWin32Name(name)
}

func isDrive(path string) bool {
	return len(path) > 1 && path[1] == ':' && ('a' <= path[0]|0x20 && path[0]|0x20 <= 'z')
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
