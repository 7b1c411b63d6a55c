package meta_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/meta"
)

func init() {
	children["look at 1"] = func() { report(1) }
	children["look at self"] = func() { report(os.Getpid()) }
	children["end the first thread"] = endFirstThread
	children["hide processes, look at 1"] = func() {
		if err := unix.Mount("proc", "/proc", "proc", 0, "hidepid=2"); err != nil {
			fmt.Println("skip:", err)
			return
		}
		if err := errors.Join(syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
			panic(err)
		}
		report(1)
	}
	children["leave the group behind"] = func() {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"=wait")
		cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
		if err := cmd.Start(); err != nil {
			panic(err)
		}
	}
	if os.Getenv(childEnv) == "end the first thread" {
		runtime.LockOSThread() // only in init is this the first thread
	}
}

const nobody = 65534

// seen is what a child reports.
type seen struct {
	State             meta.State
	Start, Err        string
	OfErr             string
	Namespace, Start0 string
}

func report(pid int) {
	p := meta.Look(pid)
	s := seen{State: p.State, Start: p.Start, Namespace: meta.Self().PIDNamespace, Start0: meta.Self().Start}
	if p.Err != nil {
		s.Err = p.Err.Error()
	}
	if _, err := meta.Of(pid); err != nil {
		s.OfErr = err.Error()
	}
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(append(b, '\n'))
}

// ask runs a child with more or fewer rights and reads its report.
func ask(t *testing.T, name string, attr *syscall.SysProcAttr) seen {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	cmd := exec.Command("/proc/self/exe") // the child may not be able to reach the path of this binary
	cmd.Env = append(os.Environ(), childEnv+"="+name)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = attr
	out, err := cmd.Output()
	if errors.Is(err, syscall.EPERM) || strings.HasPrefix(string(out), "skip:") {
		t.Skipf("not allowed here: %v %s", err, out)
	}
	var s seen
	if err == nil {
		err = json.Unmarshal(out, &s)
	}
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	return s
}

func TestAKilledChildIsExitedUntilItIsWaitedForAndThenGone(t *testing.T) {
	cmd := start(t, "wait", nil)
	pid := cmd.Process.Pid
	if p := meta.Look(pid); p.State != meta.Running || p.Start == "" || p.Err != nil {
		t.Fatalf("a running child is %+v", p)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if p := meta.Look(pid); p.State != meta.Exited {
		t.Errorf("a zombie is %+v", p)
	}
	if id, err := meta.Of(pid); !errors.Is(err, meta.ErrNoProcess) {
		t.Errorf("a zombie is %+v, %v", id, err)
	}
	cmd.Wait()
	if p := meta.Look(pid); p.State != meta.Gone {
		t.Errorf("what was waited for is %+v", p)
	}
	if id, err := meta.Of(pid); !errors.Is(err, meta.ErrNoProcess) {
		t.Errorf("what was waited for is %+v, %v", id, err)
	}
}

func TestAStoppedProcessIsRunning(t *testing.T) {
	cmd := start(t, "wait", nil)
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if p := meta.Look(cmd.Process.Pid); p.State != meta.Running || p.Start == "" {
		t.Errorf("a stopped child is %+v", p)
	}
}

// endFirstThread leaves a process whose /proc/PID/stat says Z and that runs.
func endFirstThread() {
	go func() {
		for {
			pid := strconv.Itoa(os.Getpid())
			// Not /proc/PID/stat, which qemu makes up for its own process.
			stat, err := os.ReadFile("/proc/" + pid + "/task/" + pid + "/stat")
			if err != nil {
				panic(err)
			}
			if strings.Contains(string(stat), ") Z ") {
				break
			}
			runtime.Gosched()
		}
		ready()
		waitForEnd()
		os.Exit(0)
	}()
	unix.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
}

func TestAProcessWithoutItsFirstThreadIsRunning(t *testing.T) {
	pid := start(t, "end the first thread", nil).Process.Pid
	if p := meta.Look(pid); p.State != meta.Running || p.Start == "" {
		t.Errorf("it is %+v", p)
	}
}

// thread is the id of a thread of this process, not the first, until the test
// ends.
func thread(t *testing.T) int {
	tids, done := make(chan int), make(chan struct{})
	t.Cleanup(func() { close(done) })
	for range 2 { // one of two threads is not the first
		go func() {
			runtime.LockOSThread()
			tids <- unix.Gettid()
			<-done
		}()
	}
	id := <-tids
	if other := <-tids; id == os.Getpid() {
		id = other
	}
	return id
}

func TestAThreadsIdIsNotGone(t *testing.T) {
	id := thread(t)
	if p := meta.Look(id); p.State != meta.Running {
		t.Errorf("thread %d is %+v", id, p)
	}
}

func TestALeaderWhoseGroupLivesOnIsGone(t *testing.T) {
	cmd := start(t, "leave the group behind", func(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} })
	if _, err := cmd.Process.Wait(); err != nil {
		t.Fatal(err)
	}
	if p := meta.Look(cmd.Process.Pid); p.State != meta.Gone {
		t.Errorf("it is %+v", p)
	}
}

func TestAnotherUsersProcessIsRunning(t *testing.T) {
	s := ask(t, "look at 1", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}})
	if s.State != meta.Running || s.Start == "" || s.OfErr != "" {
		t.Errorf("pid 1 is %+v to nobody", s)
	}
}

func TestAHiddenProcessIsRunning(t *testing.T) {
	s := ask(t, "hide processes, look at 1", &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS})
	if s.State != meta.Running || s.Start != "" || s.Err == "" || s.OfErr != "" {
		t.Errorf("pid 1 is %+v under hidepid=2", s)
	}
}

func TestTheProcOfAnotherNamespaceIsNotBelieved(t *testing.T) {
	emulation.SkipQemu(t, "its clone makes no namespaces")
	s := ask(t, "look at self", &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID})
	if s.State != meta.Running || s.Start != "" || s.Start0 != "" || s.Err == "" {
		t.Errorf("in a namespace of its own a process sees itself as %+v", s)
	}
	if s.Namespace == "" || s.Namespace == meta.Self().PIDNamespace {
		t.Errorf("its namespace is %q, ours %q", s.Namespace, meta.Self().PIDNamespace)
	}
}

func TestSelfIsWhatProcSays(t *testing.T) {
	self := meta.Self()
	for kind, got := range map[string]string{"pid": self.PIDNamespace, "time": self.TimeNamespace} {
		link, err := os.Readlink("/proc/self/ns/" + kind)
		if err != nil {
			t.Skip(err)
		}
		if want := kind + ":[" + got + "]"; link != want {
			t.Errorf("%s is recorded as %s", link, want)
		}
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Skip(err)
	}
	if self.BootID+"\n" != string(boot) {
		t.Errorf("boot id %q, want %q", self.BootID, boot)
	}
}

func TestLookingLeaksNoDescriptor(t *testing.T) {
	pid := start(t, "wait", nil).Process.Pid
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	meta.Look(pid)
	before := count()
	for range 100 {
		meta.Look(pid)
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors, now %d", before, after)
	}
}
