package reaper_test

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/reaper"
)

// becomeZombie kills a process and waits until it has ended, but leaves it
// uncollected.
func becomeZombie(t *testing.T, p *process) {
	t.Helper()
	must(t, p.Process.Kill())
	must(t, waitid(p.Process.Pid, unix.WEXITED|unix.WNOWAIT))
}

func waitid(pid, options int) error {
	for {
		if err := unix.Waitid(unix.P_PID, pid, nil, options, nil); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// stop stops a process, and returns when it stands.
func stop(t *testing.T, p *process) {
	t.Helper()
	must(t, p.Process.Signal(syscall.SIGSTOP))
	must(t, waitid(p.Process.Pid, unix.WSTOPPED|unix.WNOWAIT))
}

func goOn(t *testing.T, p *process) {
	t.Helper()
	must(t, p.Process.Signal(syscall.SIGCONT))
}

func TestAChildWithTheDescriptorKeepsTheLockOfAKilledOwner(t *testing.T) {
	path := tempLock(t)
	childIn, toChild, err := os.Pipe()
	must(t, err)
	t.Cleanup(func() { _ = toChild.Close() })
	p := start(t, func(c *exec.Cmd) { c.ExtraFiles = []*os.File{childIn} })
	must(t, childIn.Close())
	hold(t, p, "soft", path)
	r := p.order(t, "lend", path)
	if r.Err != "" {
		t.Fatal(r.Err)
	}
	child, err := unix.PidfdOpen(r.N, 0)
	must(t, err)
	t.Cleanup(func() { _ = unix.Close(child) })
	isAlive(t, self(), path, reaper.RuleKernelLockHeld)
	must(t, p.Process.Kill())
	must(t, waitid(p.Process.Pid, unix.WEXITED))

	isAlive(t, self(), path, reaper.RuleKernelLockHeld)
	if r := self().order(t, "break", path, "", "force"); !r.is("*reaper.RefusedError") {
		t.Errorf("break by force: %q, want it refused", r.Err)
	}
	isAlive(t, self(), path, reaper.RuleKernelLockHeld)

	must(t, toChild.Close()) // at the end of its input the child ends
	waitPidfd(t, child)
	isDead(t, self(), path, reaper.RuleKernelLockFree)
}

func init() {
	// lend PATH: starts a child that inherits the lock's descriptor and obeys
	// descriptor 3 of this process. N is its pid.
	deeds["lend"] = func(s *scene, args []string) (answer, error) {
		f, err := s.held[args[0]].(interface{ Dup() (*os.File, error) }).Dup()
		if err != nil {
			return answer{}, err
		}
		in := os.NewFile(3, "orders")
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), actorVar+"=1")
		cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = in, os.Stdout, os.Stderr, []*os.File{f}
		if err := cmd.Start(); err != nil {
			return answer{}, err
		}
		return answer{N: cmd.Process.Pid}, errors.Join(in.Close(), f.Close())
	}
}

func waitPidfd(t *testing.T, fd int) {
	t.Helper()
	for {
		_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		must(t, err)
		return
	}
}

// A process whose first thread has ended looks like a zombie in /proc and
// lives on in its other threads.
func TestAnOwnerWithoutItsFirstThreadIsAlive(t *testing.T) {
	for _, rule := range []string{reaper.RuleKernelLockHeld, reaper.RuleProcessAlive} {
		t.Run(rule, func(t *testing.T) {
			path := tempLock(t)
			p := start(t, func(c *exec.Cmd) { c.Env = append(c.Env, leaderlessVar+"=1") })
			if rule == reaper.RuleKernelLockHeld {
				hold(t, p, "soft", path)
			} else {
				grant(t, p, path)
			}
			if r := p.order(t, "await-leaderless"); r.Err != "" {
				t.Fatal(r.Err)
			}
			isAlive(t, self(), path, rule)
			must(t, p.Process.Kill())
			must(t, waitid(p.Process.Pid, unix.WEXITED|unix.WNOWAIT))
			verdict(t, self(), path, "stale", "dead", map[string]string{
				reaper.RuleKernelLockHeld: reaper.RuleKernelLockFree, reaper.RuleProcessAlive: reaper.RuleProcessGone,
			}[rule])
		})
	}
}

const leaderlessVar = "FILELOCK_TEST_LEADERLESS"

func init() {
	deeds["await-leaderless"] = func(*scene, []string) (answer, error) {
		for {
			b, err := os.ReadFile("/proc/self/task/" + strconv.Itoa(os.Getpid()) + "/stat")
			if err != nil {
				return answer{}, err
			}
			if _, rest, ok := strings.Cut(string(b), ") "); ok && rest[0] == 'Z' {
				return answer{}, nil
			}
			runtime.Gosched()
		}
	}
	// Init functions run on the first thread: this goroutine ends it. The
	// orders are then obeyed by others.
	if os.Getenv(leaderlessVar) != "" {
		runtime.LockOSThread()
		go obeyOrders()
		_, _, err := unix.Syscall(unix.SYS_EXIT, 0, 0, 0)
		panic(err)
	}
}
