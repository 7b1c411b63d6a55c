package meta

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

const maxOwnPID = maxPID // a DWORD

func look(pid int) Process {
	h, mayWait, err := open(pid)
	switch {
	case err == windows.ERROR_INVALID_PARAMETER:
		return Process{State: Gone}
	case err == windows.ERROR_ACCESS_DENIED:
		return Process{State: Running, Err: fmt.Errorf("open process %d: %w", pid, err)}
	case err != nil:
		return Process{Err: fmt.Errorf("open process %d: %w", pid, err)}
	}
	defer windows.CloseHandle(h)
	return lookThrough(h, mayWait, pid)
}

// lookThrough asks about the process of a handle, whose pid is no other's for as
// long as the handle is open.
func lookThrough(h windows.Handle, mayWait bool, pid int) Process {
	// The last two bits of a pid are not looked at by OpenProcess.
	if id, err := windows.GetProcessId(h); err != nil {
		return Process{Err: fmt.Errorf("GetProcessId: %w", err)}
	} else if uint64(id) != uint64(pid) {
		return Process{State: Gone}
	}
	// A process that has ended exists for as long as somebody has a handle.
	if mayWait {
		switch event, err := windows.WaitForSingleObject(h, 0); {
		case err != nil:
			return Process{State: Running, Err: fmt.Errorf("wait for process %d: %w", pid, err)}
		case event == windows.WAIT_OBJECT_0:
			return Process{State: Exited}
		}
	}
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(h, &created, &exited, &kernel, &user); err != nil {
		return Process{State: Running, Err: fmt.Errorf("GetProcessTimes of %d: %w", pid, err)}
	}
	start := uint64(created.HighDateTime)<<32 | uint64(created.LowDateTime)
	return Process{State: Running, Start: strconv.FormatUint(start, 10)}
}

func open(pid int) (h windows.Handle, mayWait bool, err error) {
	const query = windows.PROCESS_QUERY_LIMITED_INFORMATION
	h, err = windows.OpenProcess(query|windows.SYNCHRONIZE, false, uint32(pid))
	if err != windows.ERROR_ACCESS_DENIED {
		return h, true, err
	}
	h, err = windows.OpenProcess(query, false, uint32(pid))
	return h, false, err
}

func about(pid int) (userName, program string) {
	h, _, err := open(pid)
	if err != nil {
		return "", ""
	}
	defer windows.CloseHandle(h)
	var path [windows.MAX_LONG_PATH]uint16
	n := uint32(len(path))
	if windows.QueryFullProcessImageName(h, 0, &path[0], &n) == nil {
		program = filepath.Base(windows.UTF16ToString(path[:n]))
	}
	var token windows.Token
	if windows.OpenProcessToken(h, windows.TOKEN_QUERY, &token) != nil {
		return "", program
	}
	defer token.Close()
	if u, err := token.GetTokenUser(); err == nil {
		userName = u.User.Sid.String()
		if account, domain, _, err := u.User.Sid.LookupAccount(""); err == nil {
			userName = domain + `\` + account
		}
	}
	return userName, program
}

// bootID is the time of boot less what setting the clock has added to it since,
// so that it stays the same for a boot.
func bootID() string {
	var t struct { // SYSTEM_TIMEOFDAY_INFORMATION
		bootTime, currentTime, timeZoneBias int64
		timeZoneID, reserved                uint32
		bootTimeBias, sleepTimeBias         int64
	}
	err := windows.NtQuerySystemInformation(windows.SystemTimeOfDayInformation, unsafe.Pointer(&t), uint32(unsafe.Sizeof(t)), nil)
	if err != nil || t.bootTime <= t.bootTimeBias {
		return ""
	}
	return "boot-" + strconv.FormatInt(t.bootTime-t.bootTimeBias, 10)
}

// machineID is absent in a container: it has the MachineGuid of its image, the
// kernel of its host, and does not see the processes of other containers.
func machineID() string {
	control, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Control`, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer control.Close()
	if _, _, err := control.GetValue("ContainerType", nil); !errors.Is(err, registry.ErrNotExist) {
		return ""
	}
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Cryptography`, registry.QUERY_VALUE|registry.WOW64_64KEY)
	if err != nil {
		return ""
	}
	defer k.Close()
	id, _, err := k.GetStringValue("MachineGuid")
	if err != nil {
		return ""
	}
	return cleanID([]byte(id))
}

func pidNamespace() string    { return "" }
func timeNamespace() string   { return "" }
func hasPIDNamespaces() bool  { return false }
func hasTimeNamespaces() bool { return false }
