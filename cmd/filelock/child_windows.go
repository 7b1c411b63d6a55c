package main

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/windows"
)

// systemShell is cmd.exe, as a rule.
var systemShell = cmp.Or(os.Getenv("ComSpec"), cmdInSystem())

func cmdInSystem() string {
	dir, err := windows.GetSystemDirectory()
	if err != nil {
		return "cmd.exe"
	}
	return filepath.Join(dir, "cmd.exe")
}

// inheritable: a lock of LockFileEx belongs to the process that took it, so it
// would not be COMMAND's even if COMMAND had the handle.
func inheritable(*os.File) (int, func(), error) { return 0, nil, errors.ErrUnsupported }

func isNoExec(error) bool { return false }

func childAttr(p childPlan) *syscall.SysProcAttr { return &syscall.SysProcAttr{CmdLine: p.line} }

// shellCommand has text run by a shell. cmd.exe does not take a command line
// apart as other programs do: with /s it removes the first quote and the last
// and leaves what is between them as it is. /d: what AutoRun in the registry
// says is for those who type.
func shellCommand(shell, text string) (argv []string, line string) {
	switch strings.ToLower(filepath.Base(shell)) {
	case "cmd", "cmd.exe":
		return []string{shell, "/d", "/s", "/c", text}, windows.EscapeArg(shell) + ` /d /s /c "` + text + `"`
	}
	return []string{shell, "-c", text}, ""
}

// verbatim is argv as it stands at the end of this process's command line, or ""
// if it does not. COMMAND gets it as its caller wrote it: how it is quoted means
// something to cmd.exe, to batch files and to some other programs that argv does
// not tell.
func verbatim(argv []string) string {
	line, n := windows.UTF16PtrToString(windows.GetCommandLine()), len(os.Args)-len(argv)
	if n < 1 || !slices.Equal(os.Args[n:], argv) {
		return ""
	}
	tail := afterArgs(line, n)
	if parsed, err := windows.DecomposeCommandLine(tail); err != nil || !slices.Equal(parsed, argv) {
		return ""
	}
	return tail
}

// afterArgs is what follows the first n arguments of a command line, which is
// taken apart as package os does it.
func afterArgs(line string, n int) string {
	const blanks = " \t"
	for line = strings.TrimLeft(line, blanks); n > 0 && line != ""; n-- {
		quoted, slashes, i := false, 0, 0
		for ; i < len(line) && (quoted || !strings.ContainsRune(blanks, rune(line[i]))); i++ {
			switch {
			case line[i] == '\\':
				slashes++
				continue
			case line[i] != '"' || slashes%2 == 1: // no quote, or one that a backslash makes a letter
			case quoted && strings.HasPrefix(line[i+1:], `"`):
				i++
				quoted = false
			default:
				quoted = !quoted
			}
			slashes = 0
		}
		line = strings.TrimLeft(line[i:], blanks)
	}
	return line
}
