package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"
)

func init() {
	roles["inconsole"] = inConsole
	roles["keyboard"] = keyboard
}

// inConsole runs a command in a console of its own, and ends with its exit code.
// Its arguments are a directory, the word pipes or keyboard, and the command, which
// has inConsole's standard files, but with keyboard reads what is typed in the
// console: what is written to inConsole.
//
// A file in the directory that is named ctrl-c is a Ctrl-C in the console, and one
// that is named close closes it.
func inConsole() {
	dir, args := os.Args[1], os.Args[3:]
	code, err := func() (uint32, error) {
		keys, typed, err := os.Pipe()
		if err != nil {
			return 0, err
		}
		shown, painted, err := os.Pipe()
		if err != nil {
			return 0, err
		}
		var console windows.Handle
		if err := windows.CreatePseudoConsole(windows.Coord{X: 200, Y: 50}, windows.Handle(keys.Fd()), windows.Handle(painted.Fd()), 0, &console); err != nil {
			return 0, err
		}
		closeConsole := sync.OnceFunc(func() { windows.ClosePseudoConsole(console) })
		go func() { _, _ = io.Copy(io.Discard, shown) }()
		if os.Args[2] == "keyboard" {
			args = append([]string{"keyboard"}, args...)
			go func() { _, _ = io.Copy(typed, os.Stdin) }()
		}
		p, pid, err := startIn(console, args)
		if err != nil {
			return 0, err
		}
		for {
			event, err := windows.WaitForSingleObject(p, 2)
			if err != nil {
				return 0, err
			}
			if event == windows.WAIT_OBJECT_0 {
				var code uint32
				err := windows.GetExitCodeProcess(p, &code)
				closeConsole()
				return code, err
			}
			if os.Remove(filepath.Join(dir, "ctrl-c")) == nil {
				if err := ctrlC(pid); err != nil {
					return 0, err
				}
			}
			if os.Remove(filepath.Join(dir, "close")) == nil {
				go closeConsole() // returns when all in it have ended
			}
		}
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "inconsole:", err)
		os.Exit(98)
	}
	windows.ExitProcess(code)
}

// keyboard runs a command that reads from the console.
func keyboard() {
	in, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		fmt.Fprintln(os.Stderr, "keyboard:", err)
		os.Exit(97)
	}
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, os.Stdout, os.Stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, "keyboard:", err)
		os.Exit(96)
	}
	os.Exit(cmd.ProcessState.ExitCode())
}

// ctrlC sends Ctrl-C to all in the console of a process but to this one.
func ctrlC(pid uint32) error {
	kernel := windows.NewLazySystemDLL("kernel32.dll")
	_, _, _ = kernel.NewProc("FreeConsole").Call() // of the tests, if they have one
	if ok, _, err := kernel.NewProc("AttachConsole").Call(uintptr(pid)); ok == 0 {
		return err
	}
	if ok, _, err := kernel.NewProc("SetConsoleCtrlHandler").Call(0, 1); ok == 0 {
		return err
	}
	if err := windows.GenerateConsoleCtrlEvent(windows.CTRL_C_EVENT, 0); err != nil {
		return err
	}
	_, _, _ = kernel.NewProc("FreeConsole").Call()
	return nil
}

func startIn(console windows.Handle, args []string) (process windows.Handle, pid uint32, err error) {
	program, err := exec.LookPath(args[0])
	if err != nil {
		return 0, 0, err
	}
	name, err := windows.UTF16PtrFromString(program)
	if err != nil {
		return 0, 0, err
	}
	line, err := windows.UTF16PtrFromString(windows.ComposeCommandLine(args))
	if err != nil {
		return 0, 0, err
	}
	list, err := windows.NewProcThreadAttributeList(1)
	if err != nil {
		return 0, 0, err
	}
	defer list.Delete()
	if err := list.Update(windows.PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE, *(*unsafe.Pointer)(unsafe.Pointer(&console)), unsafe.Sizeof(console)); err != nil {
		return 0, 0, err
	}
	si := windows.StartupInfoEx{ProcThreadAttributeList: list.List()}
	si.Cb = uint32(unsafe.Sizeof(si))
	si.Flags = windows.STARTF_USESTDHANDLES
	si.StdInput, si.StdOutput, si.StdErr = windows.Handle(os.Stdin.Fd()), windows.Handle(os.Stdout.Fd()), windows.Handle(os.Stderr.Fd())
	for _, h := range []windows.Handle{si.StdInput, si.StdOutput, si.StdErr} {
		if err := windows.SetHandleInformation(h, windows.HANDLE_FLAG_INHERIT, windows.HANDLE_FLAG_INHERIT); err != nil {
			return 0, 0, err
		}
	}
	var pi windows.ProcessInformation
	if err := windows.CreateProcess(name, line, nil, nil, true, windows.EXTENDED_STARTUPINFO_PRESENT, nil, nil, &si.StartupInfo, &pi); err != nil {
		return 0, 0, err
	}
	return pi.Process, pi.ProcessId, nil
}

// inOwnConsole is the command, not yet started, in a console of its own. push
// says what happens to that: "ctrl-c" or "close".
func inOwnConsole(t *testing.T, dir, how string, args ...string) (cmd *exec.Cmd, push func(what string)) {
	keys := t.TempDir()
	cmd = exec.Command("inconsole", append([]string{keys, how}, args...)...)
	cmd.Dir = dir
	return cmd, func(what string) {
		t.Helper()
		path := filepath.Join(keys, what)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		waitFor(t, what+" is done", func() bool {
			_, err := os.Stat(path)
			return errors.Is(err, os.ErrNotExist)
		})
	}
}
