package filelock_test

import (
	"errors"
	"io/fs"
	"os/exec"
	"runtime"
	"sync"

	"golang.org/x/sys/windows"
)

// killedCode is what a process ends with that is killed: no other does.
const killedCode = 137

func killSelf() { _ = windows.TerminateProcess(windows.CurrentProcess(), killedCode) }

func wasKilled(exit *exec.ExitError) bool { return exit.ExitCode() == killedCode }

// isGone: there is no such process, or it has ended and somebody still has a
// handle to it.
func isGone(pid int) bool {
	h, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(pid))
	if err != nil {
		return err == windows.ERROR_INVALID_PARAMETER
	}
	ended, err := windows.WaitForSingleObject(h, 0)
	_ = windows.CloseHandle(h)
	return err == nil && ended == windows.WAIT_OBJECT_0
}

var (
	ntdll     = windows.NewLazySystemDLL("ntdll.dll")
	ntSuspend = ntdll.NewProc("NtSuspendProcess")
	ntResume  = ntdll.NewProc("NtResumeProcess")
)

// prey is a process of a stress as its parent treats it: with a handle of its
// own, for a pid may be another's at any time.
type prey struct {
	*exec.Cmd
	handle windows.Handle
}

func newPrey(c *exec.Cmd) (*prey, error) {
	const suspendResume = 0x0800 // PROCESS_SUSPEND_RESUME
	h, err := windows.OpenProcess(windows.PROCESS_TERMINATE|suspendResume, false, uint32(c.Process.Pid))
	p := &prey{c, h}
	// A stopped one is resumed by a timer, maybe after it was killed.
	runtime.AddCleanup(p, func(h windows.Handle) { _ = windows.CloseHandle(h) }, h)
	return p, err
}

func (p *prey) kill() { _ = windows.TerminateProcess(p.handle, killedCode) }

func (p *prey) stop() bool {
	status, _, _ := ntSuspend.Call(uintptr(p.handle))
	runtime.KeepAlive(p)
	return status == 0
}

func (p *prey) goOn() {
	_, _, _ = ntResume.Call(uintptr(p.handle))
	runtime.KeepAlive(p)
}

func (p *prey) quit() { p.kill() } // nothing makes the runtime say where it hangs

// appending has one process at a time append to a log. Windows does so itself,
// but Wine looks for the end of the file first and then writes there.
func (a arena) appending() (done func()) {
	runtime.LockOSThread() // a mutex belongs to a thread
	m, err := a.mutex("append")
	if err == nil {
		_, err = windows.WaitForSingleObject(m, windows.INFINITE) // who died with it had written, or not begun
	}
	if err != nil {
		panic(err)
	}
	return func() {
		if err := windows.ReleaseMutex(m); err != nil {
			panic(err)
		}
		runtime.UnlockOSThread()
	}
}

var mutexes sync.Map // of this process, by name

// mutex opens, or makes, the mutex of a name in this arena. It is never closed.
func (a arena) mutex(name string) (windows.Handle, error) {
	full := a.mutexName(name)
	if m, ok := mutexes.Load(full); ok {
		return m.(windows.Handle), nil
	}
	p, err := windows.UTF16PtrFromString(full)
	if err != nil {
		return 0, err
	}
	m, err := windows.CreateMutex(nil, false, p)
	if err == windows.ERROR_ALREADY_EXISTS {
		err = nil
	}
	if err == nil {
		mutexes.Store(full, m)
	}
	return m, err
}

// goesAway: the name is there only as long as somebody has the removed file
// open, where there is no POSIX deletion. Nothing else in an arena is denied.
func goesAway(err error) bool { return errors.Is(err, fs.ErrPermission) }
