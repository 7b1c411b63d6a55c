package meta_test

import (
	"errors"
	"os/exec"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/filelock-go/filelock/meta"
)

// zombie ends a child, of which something is left as long as cmd has a handle.
func zombie(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	h, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(h)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := windows.WaitForSingleObject(h, windows.INFINITE); err != nil {
		t.Fatal(err)
	}
}

func handles(t *testing.T) int {
	t.Helper()
	var n uint32
	ok, _, err := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetProcessHandleCount").Call(uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&n)))
	if ok == 0 {
		t.Skip(err)
	}
	return int(n)
}

func TestNoHandleIsLeftAfterClose(t *testing.T) {
	cmd := start(t, "wait", nil)
	id := of(t, cmd.Process.Pid)
	first := watch(t, id) // the system has made a pool of threads
	before := handles(t)
	const many = 200 // more than a thread of the pool has
	var all []*meta.Ending
	for range many {
		all = append(all, watch(t, id))
	}
	for _, e := range all {
		e.Close()
	}
	if after := handles(t); after > before+many/2 { // the pool may have grown
		t.Errorf("%d handles, %d before", after, before)
	}
	zombie(t, cmd)
	told(t, first)
	for _, e := range all {
		if isTold(e) {
			t.Error("told after Close")
		}
	}
}

// Without a start to compare, a pid whose last bits differ would mean a process
// that has another: OpenProcess does not look at them.
func TestAPIDThatIsNobodysIsNotWatched(t *testing.T) {
	cmd := start(t, "wait", nil)
	id := of(t, cmd.Process.Pid)
	id.PID++
	id.Start = ""
	if e, err := meta.WatchProcess(id); !errors.Is(err, meta.ErrNoProcess) {
		t.Errorf("%v, %v", e, err)
	}
}
