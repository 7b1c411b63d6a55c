package meta_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

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

func of(t *testing.T, pid int) meta.Identity {
	t.Helper()
	id, err := meta.Of(pid)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func watch(t *testing.T, id meta.Identity) *meta.Ending {
	t.Helper()
	e, err := meta.WatchProcess(id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// told waits for what has to come.
func told(t *testing.T, e *meta.Ending) {
	t.Helper()
	select {
	case <-e.C():
	case <-time.After(time.Minute):
		t.Fatal("the process has ended, and nobody was woken")
	}
}

func isTold(e *meta.Ending) bool {
	select {
	case <-e.C():
		return true
	default:
		return false
	}
}

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

func TestWatchProcessTellsOfTheEnd(t *testing.T) {
	cmd := start(t, "wait", nil)
	var all []*meta.Ending
	for range 20 {
		all = append(all, watch(t, of(t, cmd.Process.Pid)))
	}
	for _, e := range all {
		if isTold(e) {
			t.Error("told of the end of a process that runs")
		}
	}
	zombie(t, cmd) // nobody collects it
	for _, e := range all {
		told(t, e)
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

func TestWhoHasEndedIsNotWatched(t *testing.T) {
	cmd := start(t, "wait", nil)
	id := of(t, cmd.Process.Pid)
	zombie(t, cmd)
	if _, err := meta.WatchProcess(id); !errors.Is(err, meta.ErrNoProcess) {
		t.Errorf("a zombie: %v", err)
	}
	_ = cmd.Wait()
	if _, err := meta.WatchProcess(id); !errors.Is(err, meta.ErrNoProcess) {
		t.Errorf("what was waited for: %v", err)
	}
}

func TestOnlyTheProcessThatIsMeantIsWatched(t *testing.T) {
	self := of(t, start(t, "wait", nil).Process.Pid)
	started, err := strconv.Atoi(self.Start)
	if err != nil {
		t.Fatal(err)
	}
	later := func(n int) string { return strconv.Itoa(started + n) }
	for name, c := range map[string]struct {
		change func(*meta.Identity)
		want   error
	}{
		"itself":                   {func(*meta.Identity) {}, nil},
		"a tick later":             {func(id *meta.Identity) { id.Start = later(1) }, nil},
		"another start":            {func(id *meta.Identity) { id.Start = later(2) }, meta.ErrNoProcess},
		"an earlier start":         {func(id *meta.Identity) { id.Start = later(-2) }, meta.ErrNoProcess},
		"no start":                 {func(id *meta.Identity) { id.Start = "" }, nil},
		"a start that is none":     {func(id *meta.Identity) { id.Start = "soon" }, nil},
		"another clock":            {func(id *meta.Identity) { id.Start, id.TimeNamespace = later(1000), "1" }, nil},
		"an unknown clock":         {func(id *meta.Identity) { id.Start, id.TimeNamespace = later(1000), "" }, nil},
		"another boot":             {func(id *meta.Identity) { id.BootID = "else" }, meta.ErrElsewhere},
		"an unknown boot":          {func(id *meta.Identity) { id.BootID = "" }, meta.ErrElsewhere},
		"another machine":          {func(id *meta.Identity) { id.MachineID = "else" }, meta.ErrElsewhere},
		"another PID namespace":    {func(id *meta.Identity) { id.PIDNamespace = "1" }, meta.ErrElsewhere},
		"an unknown PID namespace": {func(id *meta.Identity) { id.PIDNamespace = "" }, meta.ErrElsewhere},
	} {
		id := self
		c.change(&id)
		e, err := meta.WatchProcess(id)
		if err == nil {
			if isTold(e) {
				t.Errorf("%s: told of an end", name)
			}
			e.Close()
		}
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for _, pid := range []int{0, -1} {
		id := self
		id.PID = pid
		if _, err := meta.WatchProcess(id); err == nil || errors.Is(err, meta.ErrNoProcess) {
			t.Errorf("pid %d: %v", pid, err)
		}
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

func TestCloseWhileTheProcessEnds(t *testing.T) {
	cmd := start(t, "wait", nil)
	id := of(t, cmd.Process.Pid)
	var users sync.WaitGroup
	for i := range 50 {
		e, err := meta.WatchProcess(id)
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			users.Go(func() { <-e.C(); e.Close() })
			continue
		}
		for range 2 {
			users.Go(func() {
				e.Close()
				before := isTold(e)
				if after := isTold(e); before != after {
					t.Error("told after Close")
				}
			})
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	users.Wait()
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
