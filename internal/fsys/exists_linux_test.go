package fsys

import (
	"os"
	"os/exec"
	"testing"
)

func TestAProcessIsThereWhetherOrNotItIsOurs(t *testing.T) {
	for _, pid := range []int{os.Getpid(), os.Getppid(), 1} {
		if !exists(pid) {
			t.Errorf("process %d is not there", pid)
		}
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^$")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if exists(cmd.Process.Pid) {
		t.Errorf("process %d has ended and is still there", cmd.Process.Pid)
	}
}
