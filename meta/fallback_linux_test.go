package meta

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWithoutAPidfdAZombieIsNotCalledExited(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if p := lookByID(pid); p.State != Running || p.Start == "" {
		t.Errorf("a zombie is %+v", p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if p := lookByID(pid); p.State != Gone {
		t.Errorf("what was waited for is %+v", p)
	}
}
