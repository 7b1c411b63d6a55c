package reaper_test

import (
	"testing"

	"golang.org/x/sys/windows"
)

// becomeZombie kills a process and waits until it has ended. Whoever started it
// keeps its handle.
func becomeZombie(t *testing.T, p *process) {
	t.Helper()
	h, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(p.Process.Pid))
	must(t, err)
	must(t, p.Process.Kill())
	_, err = windows.WaitForSingleObject(h, windows.INFINITE)
	must(t, err)
	must(t, windows.CloseHandle(h))
}

var ntdll = windows.NewLazySystemDLL("ntdll.dll")

// stop stops all threads of a process.
func stop(t *testing.T, p *process) { suspension(t, p, "NtSuspendProcess") }
func goOn(t *testing.T, p *process) { suspension(t, p, "NtResumeProcess") }

func suspension(t *testing.T, p *process, call string) {
	t.Helper()
	const suspendResume = 0x0800 // PROCESS_SUSPEND_RESUME
	h, err := windows.OpenProcess(suspendResume, false, uint32(p.Process.Pid))
	must(t, err)
	if status, _, _ := ntdll.NewProc(call).Call(uintptr(h)); status != 0 {
		t.Fatalf("%s: %#x", call, status)
	}
	must(t, windows.CloseHandle(h))
}
