package reaper_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/meta"
)

// nobody is a user without any rights of its own.
const nobody = 65534

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: namespaces, mounts and other users")
	}
}

// within starts a process with namespaces of its own; CLONE_NEWNS is always
// among them.
func within(t *testing.T, flags uintptr) *process {
	t.Helper()
	p := unshared(t, flags)
	if flags&unix.CLONE_NEWPID != 0 {
		obeys(t, p, "mount", "proc", "/proc", "proc", "")
	}
	return p
}

// unshared is within, with the /proc that is there.
func unshared(t *testing.T, flags uintptr) *process {
	t.Helper()
	needRoot(t)
	how := func(c *exec.Cmd) {
		c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags & unix.CLONE_NEWPID, Unshareflags: flags&^unix.CLONE_NEWPID | unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	}
	if flags&unix.CLONE_NEWPID != 0 {
		emulation.SkipQemu(t, "its clone makes no namespaces")
	}
	probe := exec.Command("/proc/self/exe", "-test.run=^$")
	how(probe)
	if err := probe.Run(); errors.Is(err, fs.ErrPermission) {
		t.Skipf("no namespaces here: %v", err)
	}
	return start(t, how)
}

// other is a process that another actor started, and can only be talked to
// through it.
type other struct {
	through actor
	name    string
	pid     int // as its parent knows it
}

func (o *other) order(t *testing.T, do string, args ...string) answer {
	t.Helper()
	return o.through.order(t, "as", append([]string{o.name, do}, args...)...)
}

// another makes a start one more process, as a user.
func another(t *testing.T, a actor, uid int) *other {
	t.Helper()
	r := obeys(t, a, "spawn", strconv.Itoa(uid))
	if s, ok := a.(*scene); ok { // those of another process end with it
		t.Cleanup(func() {
			_ = s.others[r.Text].Process.Kill()
			_ = s.others[r.Text].Wait()
		})
	}
	return &other{a, r.Text, r.N}
}

func (o *other) end(t *testing.T) {
	t.Helper()
	obeys(t, o.through, "end", o.name)
}

// unprivileged starts a process of another user in this process's namespaces.
func unprivileged(t *testing.T) *process {
	t.Helper()
	needRoot(t)
	return start(t, as(t, nobody))
}

// as makes a command run as a user who cannot reach the test binary by its path.
func as(t testing.TB, uid uint32) func(*exec.Cmd) {
	exe, err := os.Open("/proc/self/exe")
	if err != nil {
		panic(err)
	}
	if t != nil {
		t.Cleanup(func() { _ = exe.Close() })
	}
	return func(c *exec.Cmd) {
		c.ExtraFiles = []*os.File{exe}
		c.Path = "/proc/self/fd/3"
		c.Dir = "/"
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
}

// publicDir is a directory that other users can reach.
func publicDir(t *testing.T, mode os.FileMode) string {
	t.Helper()
	top, err := os.MkdirTemp("", "reaper-test-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	must(t, os.Chmod(top, 0o755))
	dir := filepath.Join(top, "locks")
	must(t, os.Mkdir(dir, 0o755))
	must(t, os.Chmod(dir, mode))
	return dir
}

// errNotHere: an order that changes the world, given to the test itself.
var errNotHere = errors.New("not in the process of the test itself")

func init() {
	// mount SOURCE TARGET TYPE DATA: in this process's mount namespace only.
	deeds["mount"] = func(_ *scene, args []string) (answer, error) {
		if os.Getenv(actorVar) == "" {
			return answer{}, errNotHere
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return answer{}, fmt.Errorf("make mounts private: %w", err)
		}
		return answer{}, unix.Mount(args[0], args[1], args[2], 0, args[3])
	}
	deeds["mkdir"] = func(_ *scene, args []string) (answer, error) { return answer{}, os.MkdirAll(args[0], 0o755) }
	// spawn UID: Text is its name, N its pid.
	deeds["spawn"] = func(s *scene, args []string) (answer, error) {
		uid, err := strconv.ParseUint(args[0], 10, 32)
		if err != nil {
			return answer{}, err
		}
		p, err := spawn(as(nil, uint32(uid)))
		if err != nil {
			return answer{}, err
		}
		name := fmt.Sprintf("process %d", len(s.others)+1)
		s.others[name] = p
		return answer{Text: name, N: p.Process.Pid}, nil
	}
	deeds["as"] = func(s *scene, args []string) (answer, error) {
		a, err := s.others[args[0]].ask(args[1], args[2:]...)
		if err != nil {
			return a, err
		}
		return a, nil
	}
	deeds["end"] = func(s *scene, args []string) (answer, error) {
		p := s.others[args[0]]
		err := p.Process.Kill()
		_ = p.Wait() // says that it was killed
		return answer{}, err
	}
	// next-pid PID: the pid that the next process or thread here will have.
	deeds["next-pid"] = func(_ *scene, args []string) (answer, error) {
		pid, err := strconv.Atoi(args[0])
		if err != nil {
			return answer{}, err
		}
		return answer{}, os.WriteFile("/proc/sys/kernel/ns_last_pid", strconv.AppendInt(nil, int64(pid-1), 10), 0)
	}
	// look PID: N is its meta.State, Text its start.
	deeds["look"] = func(_ *scene, args []string) (answer, error) {
		pid, err := strconv.Atoi(args[0])
		if err != nil {
			return answer{}, err
		}
		p := meta.Look(pid)
		return answer{N: int(p.State), Text: p.Start}, p.Err
	}
}
