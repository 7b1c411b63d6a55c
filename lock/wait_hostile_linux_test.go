package lock_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/lock"
)

// What has the gate's name may be anything. It is not followed, opened for
// ever, written to or removed unless it is an empty file, and nobody waits for
// it: without a gate there is no order, and everybody is woken all the same.
func TestWhatIsNoGateOnlyCostsTheOrder(t *testing.T) {
	for name, plant := range map[string]func(t *testing.T, gate string){
		"symbolic link": func(t *testing.T, gate string) {
			target := filepath.Join(t.TempDir(), "target")
			must(t, os.WriteFile(target, nil, 0o644))
			must(t, os.Symlink(target, gate))
			t.Cleanup(func() {
				if _, err := os.Lstat(target); err != nil {
					t.Errorf("the target of the link: %v", err)
				}
			})
		},
		"link to nothing": func(t *testing.T, gate string) {
			target := filepath.Join(t.TempDir(), "target")
			must(t, os.Symlink(target, gate))
			t.Cleanup(func() {
				if _, err := os.Lstat(target); err == nil {
					t.Error("the target of the link was made")
				}
			})
		},
		"FIFO":      func(t *testing.T, gate string) { must(t, unix.Mkfifo(gate, 0o644)) },
		"directory": func(t *testing.T, gate string) { must(t, os.Mkdir(gate, 0o755)) },
		"socket": func(t *testing.T, gate string) {
			l, err := net.Listen("unix", gate)
			must(t, err)
			t.Cleanup(func() { _ = l.Close() })
		},
		"somebody's file": func(t *testing.T, gate string) { must(t, os.WriteFile(gate, []byte("data"), 0o644)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(shortDir(t), "job.lock")
			gate := gateOf(path)
			plant(t, gate)
			before, err := os.Lstat(gate)
			must(t, err)
			l := lock.NewSoft(path)
			must(t, l.Lock(bg))
			p := start(t, "queue", "soft", path)
			blocked(t, path)
			must(t, l.Unlock())
			p.says(t, "got")
			done := waits(t, l, path)
			p.say(t, "let go")
			must(t, <-done)
			must(t, l.Unlock())
			p.says(t, "out")
			after, err := os.Lstat(gate)
			must(t, err)
			if !os.SameFile(before, after) || before.Mode() != after.Mode() || before.Size() != after.Size() {
				t.Errorf("the gate's name was %v, and is %v", before, after)
			}
		})
	}
}

// shortDir is a directory with a path short enough for a socket's.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lock-")
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// asNobody makes a command run as a user without rights, who cannot reach the
// test binary by its path.
func asNobody(t *testing.T) func(*exec.Cmd) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs to become another user")
	}
	exe, err := os.Open("/proc/self/exe")
	must(t, err)
	t.Cleanup(func() { _ = exe.Close() })
	return func(c *exec.Cmd) {
		c.ExtraFiles = []*os.File{exe}
		c.Path, c.Dir = "/proc/self/fd/3", "/"
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534, NoSetGroups: true}}
	}
}

// Another user's gate that may only be read is good enough to wait at, one that
// may not be read is none. Neither keeps anybody from the lock.
func TestTheGateOfAnotherUser(t *testing.T) {
	for _, mode := range []os.FileMode{0o644, 0o600} {
		for _, sticky := range []os.FileMode{0, os.ModeSticky} {
			t.Run(fmt.Sprint(mode, sticky), func(t *testing.T) {
				nobody := asNobody(t)
				dir := shortDir(t)
				must(t, os.Chmod(dir, 0o777|sticky))
				path := filepath.Join(dir, "job.lock")
				must(t, os.WriteFile(gateOf(path), nil, mode))
				holder := lock.NewSoft(path)
				must(t, holder.TryLock())
				p := startIn(t, nobody, "queue", "soft", path)
				if mode == 0o644 {
					until(func() bool { return inOrder(t, "soft", path) == 1 })
				}
				blocked(t, path)
				l := lock.NewSoft(path)
				done := make(chan error, 1)
				go func() { done <- l.Lock(bg) }()
				until(func() bool { return inOrder(t, "soft", path) == 1 || mode == 0o644 })
				must(t, holder.Unlock())
				released := make(chan error, 1)
				go func() { // in order, or whoever is quicker
					err := <-done
					released <- errors.Join(err, l.Unlock())
				}()
				p.says(t, "got")
				p.say(t, "let go")
				must(t, <-released)
			})
		}
	}
}

// A gate that another user has left is removed by who may remove it, and left
// alone by who may not.
func TestALeftGateOfAnotherUser(t *testing.T) {
	for _, sticky := range []os.FileMode{0, os.ModeSticky} {
		nobody := asNobody(t)
		dir := shortDir(t)
		must(t, os.Chmod(dir, 0o777|sticky))
		path := filepath.Join(dir, "job.lock")
		must(t, os.WriteFile(gateOf(path), nil, 0o644))
		p := startIn(t, nobody, "queue", "soft", path)
		p.says(t, "got")
		p.say(t, "let go")
		p.says(t, "out")
		if sticky == 0 {
			alone(t, path)
		} else {
			alone(t, path, ".job.lock.gate")
		}
	}
}

// Who may not read the lock file cannot tell that its owner has died. He is not
// before those who can.
func TestWhoCannotJudgeDoesNotStandInTheWay(t *testing.T) {
	nobody := asNobody(t)
	dir := shortDir(t)
	must(t, os.Chmod(dir, 0o777))
	path := filepath.Join(dir, "job.lock")
	owner := start(t, "hold", "soft", path)
	must(t, os.Chmod(path, 0o600))
	p := startIn(t, nobody, "queue", "soft", path, "say when you wait")
	p.says(t, "waiting")
	p.say(t, "let go") // as soon as it has got it, which may be between break and take
	l := lock.NewSoft(path)
	done := waits(t, l, path)
	owner.kill(t)
	must(t, <-done)
	must(t, l.Unlock())
	p.says(t, "got")
	p.says(t, "out")
	alone(t, path)
}

// A hard lock that lives in a directory in which nobody may make a file needs
// no gate there.
func TestAHardLockInAReadOnlyDirectory(t *testing.T) {
	for name, mode := range map[string]os.FileMode{"writable file": 0o666, "read-only file": 0o444} {
		t.Run(name, func(t *testing.T) {
			nobody := asNobody(t)
			path := filepath.Join(shortDir(t), "job.lock")
			must(t, os.WriteFile(path, nil, 0o644))
			must(t, os.Chmod(path, mode))
			l := lock.NewFile(path)
			must(t, l.Lock(bg))
			p := startIn(t, nobody, "queue", "file", path)
			blocked(t, path)
			must(t, l.Unlock())
			p.says(t, "got")
			done := waits(t, l, path)
			p.say(t, "let go")
			must(t, <-done)
			must(t, l.Unlock())
			alone(t, path, "job.lock")
		})
	}
}

// Who waits at a gate that is removed is behind nobody any more. He gets the
// lock, and everybody else does too.
func TestAGateThatIsRemovedWhileItIsWaitedFor(t *testing.T) {
	path := tempPath(t)
	holder := lock.NewSoft(path)
	must(t, holder.Lock(bg))
	const n = 3
	var all [n]*process
	for i := range all {
		all[i] = start(t, "queue", "soft", path)
		until(func() bool { return inOrder(t, "soft", path) == i+1 })
	}
	must(t, os.Remove(gateOf(path)))
	late := start(t, "queue", "soft", path) // makes a new one
	until(func() bool { return inOrder(t, "soft", path) == 1 })
	got := make(chan *process, n+1)
	for _, p := range append(all[:], late) {
		go func() {
			if line, err := p.out.ReadString('\n'); err != nil || line != "got\n" {
				t.Errorf("%q, %v", line, err)
			}
			got <- p
		}()
	}
	must(t, holder.Unlock())
	for range n + 1 {
		p := <-got
		p.say(t, "let go")
		p.says(t, "out")
	}
	alone(t, path)
}

// Another program's fcntl lock on the whole file is in the way of the order
// locks, for as long as it lasts. Then there is no order.
func TestAForeignLockOnTheWholeFile(t *testing.T) {
	path := tempPath(t)
	must(t, os.WriteFile(path, nil, 0o644))
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	must(t, unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}))
	a, b := lock.NewFile(path), lock.NewFile(path)
	must(t, a.Lock(bg))
	done := make(chan error, 1)
	go func() { done <- b.Lock(bg) }()
	blocked(t, path)
	must(t, a.Unlock())
	must(t, <-done)
	must(t, b.Unlock())
	until(func() bool { return lock.ParkedAt(path) == 0 })
}
