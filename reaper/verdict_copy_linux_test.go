package reaper_test

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/reaper"
)

// Through an overlay and in its upper directory the kernel sees two inodes
// with a lock each, for one and the same file.
func TestTheUpperDirectoryOfAnOverlayIsNotProof(t *testing.T) {
	c := within(t, container)
	dir := publicDir(t, 0o755)
	obeys(t, c, "mount", "tmpfs", dir, "tmpfs", "mode=0755")
	at := func(names ...string) string { return filepath.Join(append([]string{dir}, names...)...) }
	for _, d := range []string{"lower", "upper", "work", "merged"} {
		obeys(t, c, "mkdir", at(d))
	}
	obeys(t, c, "mount", "overlay", at("merged"), "overlay",
		"lowerdir="+at("lower")+",upperdir="+at("upper")+",workdir="+at("work"))
	t.Run("with the kernel lock", func(t *testing.T) {
		p := another(t, c, 0)
		hold(t, p, "soft", at("merged", "job.lock"))
		isAlive(t, c, at("merged", "job.lock"), reaper.RuleKernelLockHeld)
		isAlive(t, c, at("upper", "job.lock"), reaper.RuleProcessAlive)
		isAlive(t, c, at("merged", "job.lock"), reaper.RuleKernelLockHeld)
		p.end(t)
		verdict(t, c, at("upper", "job.lock"), "stale", "dead", reaper.RuleProcessGone)
		isDead(t, c, at("merged", "job.lock"), reaper.RuleKernelLockFree)
	})
	t.Run("taken in the upper directory", func(t *testing.T) {
		p := another(t, c, 0)
		hold(t, p, "soft", at("upper", "other.lock"))
		isAlive(t, c, at("upper", "other.lock"), reaper.RuleKernelLockHeld)
		isAlive(t, c, at("merged", "other.lock"), reaper.RuleProcessAlive)
		p.end(t)
	})
	t.Run("from a container of its own", func(t *testing.T) {
		p := another(t, c, 0)
		hold(t, p, "soft", at("merged", "third.lock"))
		obeys(t, c, "spawn-apart")
		isUnknown(t, &other{through: c, name: "apart"}, at("upper", "third.lock"))
		p.end(t)
		isUnknown(t, &other{through: c, name: "apart"}, at("upper", "third.lock"))
	})
}

func init() {
	// spawn-apart: a process "apart" in a PID namespace of its own, with these mounts.
	deeds["spawn-apart"] = func(s *scene, _ []string) (answer, error) {
		p, err := spawn(func(c *exec.Cmd) {
			c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS}
		})
		if err != nil {
			return answer{}, err
		}
		s.others["apart"] = p
		return p.ask("mount", "proc", "/proc", "proc", "")
	}
}
