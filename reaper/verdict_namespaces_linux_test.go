package reaper_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/reaper"
)

const container = unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC

// How two containers with one host name see each other's locks: by the kernel
// lock, or not at all.
func TestAnotherPIDNamespaceWithTheSameHostName(t *testing.T) {
	needRoot(t)
	t.Run("owner inside", func(t *testing.T) { acrossNamespaces(t, within(t, container), self()) })
	t.Run("owner outside", func(t *testing.T) { acrossNamespaces(t, self(), within(t, container)) })
	t.Run("both inside, not in the same", func(t *testing.T) {
		acrossNamespaces(t, within(t, container), within(t, container))
	})
}

func acrossNamespaces(t *testing.T, here, there actor) {
	t.Run("with the kernel lock", func(t *testing.T) {
		path := tempLock(t)
		p := another(t, here, 0)
		hold(t, p, "soft", path)
		isAlive(t, there, path, reaper.RuleKernelLockHeld)
		p.end(t)
		isDead(t, there, path, reaper.RuleKernelLockFree)
	})
	t.Run("without a kernel lock", func(t *testing.T) {
		path := tempLock(t)
		// A pid that no process has where the observer is: to look for it there
		// would find the owner dead.
		p := anotherUnlike(t, here, there)
		grant(t, p, path)
		isAlive(t, here, path, reaper.RuleProcessAlive)
		r := isUnknown(t, there, path)
		if !strings.Contains(r.Missing, "namespace") {
			t.Errorf("the missing proof does not name the namespace: %q", r.Missing)
		}
		p.end(t)
		isUnknown(t, there, path)
		isDead(t, here, path, reaper.RuleProcessGone)
	})
	t.Run("the same pid in both", func(t *testing.T) {
		path := tempLock(t)
		p, twin := twins(t, here, there)
		grant(t, p, path)
		isUnknown(t, twin, path)
		p.end(t)
		isUnknown(t, twin, path)
	})
}

func TestOwnersAndObserversInOneNamespace(t *testing.T) {
	c := within(t, container)
	path := tempLock(t)
	p := another(t, c, 0)
	grant(t, p, path)
	isAlive(t, c, path, reaper.RuleProcessAlive)
	p.end(t)
	isDead(t, c, path, reaper.RuleProcessGone)
}

// A container that still has the /proc of the namespace around it: there the
// owner's pid is another process, or none.
func TestTheProcOfAnotherNamespaceIsNotBelieved(t *testing.T) {
	c := unshared(t, container)
	if obeys(t, c, "pid").N != 1 {
		t.Fatal("not the first process of its namespace")
	}
	path := tempLock(t)
	p := another(t, c, 0)
	grant(t, p, path)
	isAlive(t, c, path, reaper.RuleProcessAlive)
	isAlive(t, p, path, reaper.RuleProcessAlive)
	isUnknown(t, self(), path)
	p.end(t)
	isDead(t, c, path, reaper.RuleProcessGone)

	// The owner's pid is another process outside, which ends, and the pid is
	// used there again.
	outside := self()
	unlessTaken(t, func() bool {
		path := tempLock(t)
		p, twin := twins(t, c, outside)
		grant(t, p, path)
		isAlive(t, c, path, reaper.RuleProcessAlive)
		if _, ok := reuse(t, outside, twin); !ok {
			return false
		}
		isAlive(t, c, path, reaper.RuleProcessAlive)
		isUnknown(t, outside, path)
		return true
	})
}

func TestAReusedPIDIsNotTheOwner(t *testing.T) {
	for _, where := range []string{"in a namespace of its own", "in this one"} {
		t.Run(where, func(t *testing.T) {
			needRoot(t)
			a := self()
			if where != "in this one" {
				a = within(t, container)
			}
			t.Run("with the kernel lock", func(t *testing.T) {
				unlessTaken(t, func() bool {
					path := tempLock(t)
					p := another(t, a, 0)
					hold(t, p, "soft", path)
					if _, ok := reuse(t, a, p); !ok {
						return false
					}
					isDead(t, a, path, reaper.RuleKernelLockFree)
					return true
				})
			})
			t.Run("without a kernel lock", func(t *testing.T) {
				unlessTaken(t, func() bool {
					path := tempLock(t)
					p := another(t, a, 0)
					grant(t, p, path)
					if _, ok := reuse(t, a, p); !ok {
						return false
					}
					r := isDead(t, a, path, reaper.RuleProcessGone)
					if !strings.Contains(strings.Join(r.Evidence, " "), "reused") {
						t.Errorf("the evidence does not say that the pid was reused: %q", r.Evidence)
					}
					return true
				})
			})
		})
	}
}

func TestAnObserverWithoutPrivileges(t *testing.T) {
	nobody := unprivileged(t)
	lockIn := func(t *testing.T, mode os.FileMode) string {
		path := filepath.Join(publicDir(t, mode), "job.lock")
		needSoft(t, path)
		return path
	}
	t.Run("root's kernel lock", func(t *testing.T) {
		path := lockIn(t, 0o777)
		p := owner(t, path)
		isAlive(t, nobody, path, reaper.RuleKernelLockHeld)
		p.end(t)
		isDead(t, nobody, path, reaper.RuleKernelLockFree)
	})
	t.Run("root's record", func(t *testing.T) {
		path := lockIn(t, 0o777)
		p := start(t)
		grant(t, p, path)
		isAlive(t, nobody, path, reaper.RuleProcessAlive)
		p.end(t)
		isDead(t, nobody, path, reaper.RuleProcessGone)
	})
	t.Run("unreadable", func(t *testing.T) {
		path := lockIn(t, 0o777)
		p := owner(t, path)
		must(t, os.Chmod(path, 0o600))
		isUnknown(t, nobody, path)
		if r := nobody.order(t, "try", "soft", path); !r.is("fs.ErrPermission") {
			t.Errorf("%q does not match fs.ErrPermission", r.Err)
		}
		if r := nobody.order(t, "break", path, "", "force"); !r.is("fs.ErrPermission") {
			t.Errorf("break by force: %q, want permission denied", r.Err)
		}
		isAlive(t, self(), path, reaper.RuleKernelLockHeld)
		p.end(t)
		isUnknown(t, nobody, path)
	})
}

// With hidepid=2 /proc hides other users' processes, which then look as if
// they did not exist. In a PID namespace of its own: before Linux 5.8 the
// option belongs to the namespace and not to the mount.
func TestHidepidHidesNoLiveOwner(t *testing.T) {
	root := within(t, container)
	obeys(t, root, "mount", "proc", "/proc", "proc", "hidepid=2")
	nobody := another(t, root, nobody)
	for _, kind := range []string{reaper.RuleKernelLockHeld, reaper.RuleProcessAlive} {
		t.Run(kind, func(t *testing.T) {
			path := filepath.Join(publicDir(t, 0o777), "job.lock")
			needSoft(t, path)
			p := another(t, root, 0)
			if r := nobody.order(t, "file", "/proc/"+strconv.Itoa(p.pid)); !r.is("fs.ErrNotExist") {
				t.Fatalf("/proc does not hide the owner: %s %s", r.Text, r.Err)
			}
			if kind == reaper.RuleKernelLockHeld {
				hold(t, p, "soft", path)
			} else {
				grant(t, p, path)
			}
			isAlive(t, nobody, path, kind)
			p.end(t)
			isDead(t, nobody, path, map[string]string{
				reaper.RuleKernelLockHeld: reaper.RuleKernelLockFree, reaper.RuleProcessAlive: reaper.RuleProcessGone,
			}[kind])
		})
	}
}
