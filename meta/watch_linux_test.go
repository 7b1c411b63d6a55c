package meta_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/meta"
)

func init() {
	children["end the first thread when told"] = func() {
		ready()
		if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
			panic(err)
		}
		endFirstThread()
	}
	if os.Getenv(childEnv) == "end the first thread when told" {
		runtime.LockOSThread() // only in init is this the first thread
	}
	children["watch 1"] = func() { sayError(watchPID(1)) }
	children["watch 1 without descriptors"] = func() {
		meta.Self()            // reads files
		r, w, err := os.Pipe() // with which the poller has its own descriptors
		if err := errors.Join(err, r.Close(), w.Close()); err != nil {
			panic(err)
		}
		id, err := meta.Of(1)
		if err != nil {
			panic(err)
		}
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: 100}); err != nil {
			panic(err)
		}
		sayError(watchIt(id))
	}
}

func watchPID(pid int) error {
	id, err := meta.Of(pid)
	if err != nil {
		return err
	}
	return watchIt(id)
}

func watchIt(id meta.Identity) error {
	e, err := meta.WatchProcess(id)
	if err == nil {
		e.Close()
	}
	return err
}

func sayError(err error) { fmt.Printf("%v, gone: %t", err, errors.Is(err, meta.ErrNoProcess)) }

// zombie ends a child and leaves it uncollected.
func zombie(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
}

func TestWatchProcessOfSomebodyElse(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	cmd := exec.Command("/proc/self/exe") // the child may not be able to reach the path of this binary
	cmd.Env = append(os.Environ(), childEnv+"=watch 1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.Output()
	if err != nil || string(out) != "<nil>, gone: false" {
		t.Errorf("%s, %v", out, err)
	}
}

func TestAThreadsIdIsNotWatchedNorGone(t *testing.T) {
	id := meta.Self()
	id.PID = thread(t)
	if _, err := meta.WatchProcess(id); err == nil || errors.Is(err, meta.ErrNoProcess) {
		t.Error(err)
	}
}

// The kernel wakes whoever polls when the first thread ends.
func TestTheEndOfTheFirstThreadIsNotTheEnd(t *testing.T) {
	cmd, in, out := startTalking(t, "end the first thread when told", nil)
	early := watch(t, of(t, cmd.Process.Pid))
	if _, err := in.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil { // the first thread has ended
		t.Fatal(err)
	}
	late := watch(t, of(t, cmd.Process.Pid))
	if isTold(early) || isTold(late) {
		t.Error("told of the end of a process that runs")
	}
	_ = in.Close()
	told(t, early)
	told(t, late)
}

func TestNothingIsLeftAfterClose(t *testing.T) {
	cmd := start(t, "wait", nil)
	id := of(t, cmd.Process.Pid)
	e := watch(t, id) // the poller has its descriptors
	before := descriptors(t)
	var all []*meta.Ending
	for range 100 {
		all = append(all, watch(t, id))
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	if len(threads) > 50 {
		t.Errorf("%d threads wait", len(threads))
	}
	for _, e := range all {
		e.Close()
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
	zombie(t, cmd)
	told(t, e)
	for _, e := range all {
		if isTold(e) {
			t.Error("told after Close")
		}
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(fds)
}

func TestWatchProcessWithoutADescriptor(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=watch 1 without descriptors")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), unix.EMFILE.Error()+", gone: false") {
		t.Errorf("%s, %v", out, err)
	}
}
