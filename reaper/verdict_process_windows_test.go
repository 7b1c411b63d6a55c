package reaper_test

import (
	"testing"

	"golang.org/x/sys/windows"

	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

func init() {
	// deny: nobody may open this process from now on.
	deeds["deny"] = func(*scene, []string) (answer, error) {
		sd, err := windows.SecurityDescriptorFromString("D:P")
		if err != nil {
			return answer{}, err
		}
		nobody, _, err := sd.DACL()
		if err != nil {
			return answer{}, err
		}
		const dacl = windows.DACL_SECURITY_INFORMATION | windows.PROTECTED_DACL_SECURITY_INFORMATION
		return answer{}, windows.SetSecurityInfo(windows.CurrentProcess(), windows.SE_KERNEL_OBJECT, dacl, nil, nil, nobody, nil)
	}
}

// A process that may not be opened is alive: that is all that is known of it,
// also when it has ended and somebody has a handle to it.
func TestAnOwnerThatMayNotBeOpenedIsAlive(t *testing.T) {
	path := tempLock(t)
	p := start(t)
	grant(t, p, path)
	obeys(t, p, "deny")
	if _, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(p.Process.Pid)); err != windows.ERROR_ACCESS_DENIED {
		t.Skipf("this user may open it all the same: %v", err) // SeDebugPrivilege, or Wine, which asks for none
	}
	if got := meta.Look(p.Process.Pid); got.State != meta.Running || got.Err == nil {
		t.Errorf("the kernel says %+v", got)
	}
	isAlive(t, self(), path, reaper.RuleProcessAlive)
	must(t, p.Process.Kill())
	isAlive(t, self(), path, reaper.RuleProcessAlive)
}

// The last two bits of a pid are not looked at when a process is opened.
func TestAPidThatIsNearlyTheOwnersIsAnother(t *testing.T) {
	path := tempLock(t)
	live := start(t)
	who, err := meta.Of(obeys(t, live, "pid").N)
	must(t, err)
	who.PID++
	write(t, path, encode(t, recordOf(who)))
	isDead(t, self(), path, reaper.RuleProcessGone)
}

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
