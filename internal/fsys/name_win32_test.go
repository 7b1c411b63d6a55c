package fsys

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
)

func TestNamesThatWindowsTakesForSomethingElse(t *testing.T) {
	for want, names := range map[nameError][]string{
		"":            {"a.lock", ".a", "..a", "a b", "CONSOLE", "COM", "COM0", "COM10", "COMX", "LPT", "null", "a.nul", "xaux.lock", "¹", "Ünï.lock", "CONIN", "a'b", "{x}"},
		errDeviceName: {"CON", "con", "NUL", "nul.lock", "Aux.lock", "aux.tar.gz", "PRN", "COM1", "com9.lock", "LPT1", "COM¹", "lpt³.x", "com1 .txt", "nul .", "CONIN$", "conout$"},
		errDropped:    {"a.lock.", "a.lock ", "a. .", "...", " ", "a\u0020"},
		errStream:     {"a:b", "a.lock::$DATA", ":", "C:"},
		errCharacter:  {"a?b", "a*", "<", ">", `"`, "a|b", "a\x01", "\n", "\x1f"},
	} {
		for _, name := range names {
			err := badWin32Name(name)
			if want == errDeviceName && errors.Is(err, fs.ErrInvalid) && strings.HasSuffix(name, ".") {
				continue // wrong in two ways
			}
			if got, _ := err.(nameError); got != want {
				t.Errorf("%q: %v, want %q", name, err, string(want))
			} else if err != nil && !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("%q: %v does not match fs.ErrInvalid", name, err)
			}
		}
	}
}

func TestPathsThatWindowsTakesForSomethingElse(t *testing.T) {
	for want, paths := range map[nameError][]string{
		"": {`C:\d\a.lock`, `C:a.lock`, `a.lock`, `d/a.lock`, `C:\`, `C:`, `C:\d\`, `.`, `..`, `d\..`, `\d`, `\\server\share\a.lock`, `\\?\C:\d\a.lock`,
			`\\?\UNC\server\share\a.lock`, `\\?\unc\server\share\a.lock`, `\\?\Volume{1}\a.lock`, ``, `d.\a.lock`, `//server/share/a.lock`},
		errDevicePath: {`\\.\PhysicalDrive0`, `\\.\C:\d\a.lock`, `//./nul`, `\/.\aux`, `\\?\PhysicalDrive0`, `\\?\GLOBALROOT\Device\x`, `\\?\pipe\a`, `//?/pipe/a`, `\??\C:\a`, `\\.\pipe\a`},
		errDeviceName: {`NUL`, `C:NUL`, `C:\d\NUL`, `d/aux.lock`, `\\?\C:\d\con`, `\\server\share\com1`, `\\?\UNC\server\share\com1`},
		errDropped:    {`a.lock.`, `C:\d\a.lock `, `d/...`, `\\?\C:\d\a.`},
		errStream:     {`name:stream`, `C:\d\name:stream`, `C:\d\a.lock::$DATA`, `1:a`, `\\?\C:\d\a:b`},
		errCharacter:  {`C:\d\a?`, `a*`},
	} {
		for _, path := range paths {
			if got, _ := badWin32Path(path).(nameError); got != want {
				t.Errorf("%q: %q, want %q", path, string(got), string(want))
			}
		}
	}
}
