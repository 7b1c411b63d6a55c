package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// asNobody makes cmd run as a user who may do little.
func asNobody(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs to become another user")
	}
	for _, dir := range []string{bin, filepath.Dir(cmd.Dir)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534, NoSetGroups: true}}
	return cmd
}

func TestADeniedPathSaysWhichRightIsMissing(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/closed", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"secret", "closed/x.lock"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("4711\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		args []string
		hint string
	}{
		{[]string{"run", "-n", "x.lock", "true"}, "may not write in " + dir + " (drwxr-xr-x of root)"},
		{[]string{"run", "-n", "closed/x.lock", "true"}, "may not enter " + dir + "/closed (drwx------ of root)"},
		{[]string{"break", "secret"}, "may not read " + dir + "/secret (-rw------- of root)"},
	} {
		r := finish(t, asNobody(t, command(dir, tt.args...))).wantCode(t, exitPermission)
		wantText(t, strings.Join(tt.args, " "), r.err, `hint: user "nobody" `+tt.hint)
	}
}

func TestInspectSaysWhomToKillToEndALock(t *testing.T) {
	dir := t.TempDir()
	h := holding(t, dir, "x.lock")
	r := filelock(t, dir, "inspect", "x.lock").wantCode(t, exitHeld)
	wantText(t, "of run", r.out, "next      filelock wait ", fmt.Sprintf("            or end it: kill %d\n", h.Process.Pid))
	// This process is one that the command runs under, and nobody ends pid 1.
	for _, pid := range []int{os.Getpid(), 1} {
		filelock(t, dir, "lock", "--pid", strconv.Itoa(pid), fmt.Sprint(pid)).wantCode(t, exitOK)
		if r := filelock(t, dir, "inspect", fmt.Sprint(pid)).wantCode(t, exitHeld); strings.Contains(r.out, "kill") {
			t.Errorf("it says to kill pid %d:\n%s", pid, r.out)
		}
	}
}

func TestInspectSaysThatHoldersAreNotVisible(t *testing.T) {
	dir := t.TempDir()
	r := holding(t, dir, "x.lock")
	if err := r.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Process.Wait(); err != nil { // its COMMAND lives on
		t.Fatal(err)
	}
	r.done = true
	res := finish(t, asNobody(t, command(dir, "inspect", "x.lock"))).wantCode(t, exitHeld)
	wantText(t, "inspect", res.out, fmt.Sprintf("owner     a process that inherited it from pid %d, which has ended\n", r.Process.Pid), `holders   not visible to user "nobody"`)
	if strings.Contains(res.out, "kill") {
		t.Errorf("whom should that kill?\n%s", res.out)
	}
}

func TestInspectOfAnothersPidFileSaysWhatHasThePidHere(t *testing.T) {
	dir := t.TempDir()
	for pid, says := range map[int]string{os.Getpid(): fmt.Sprintf("here, pid %d is ", os.Getpid()), 999999999: "here, no process has pid 999999999\n"} {
		if err := os.WriteFile(dir+"/x.pid", []byte(strconv.Itoa(pid)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		wantText(t, "inspect", filelock(t, dir, "inspect", "x.pid").wantCode(t, exitUnknown).out, "            "+says)
	}
}
