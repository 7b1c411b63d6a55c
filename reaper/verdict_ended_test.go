//go:build linux || windows

package reaper_test

import (
	"testing"

	"github.com/filelock-go/filelock/reaper"
)

// On Windows it is a process to which somebody still has a handle.
func TestAZombieIsDead(t *testing.T) {
	t.Run("with the kernel lock", func(t *testing.T) {
		path := tempLock(t)
		p := owner(t, path)
		becomeZombie(t, p)
		isDead(t, self(), path, reaper.RuleKernelLockFree)
	})
	t.Run("without a kernel lock", func(t *testing.T) {
		path := tempLock(t)
		p := start(t)
		grant(t, p, path)
		becomeZombie(t, p)
		isDead(t, self(), path, reaper.RuleProcessGone)
	})
}

func TestAStoppedOwnerIsAlive(t *testing.T) {
	for _, c := range []struct{ name, rule string }{
		{"with the kernel lock", reaper.RuleKernelLockHeld},
		{"without a kernel lock", reaper.RuleProcessAlive},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := tempLock(t)
			p := start(t)
			if c.rule == reaper.RuleKernelLockHeld {
				hold(t, p, "soft", path)
			} else {
				grant(t, p, path)
			}
			stop(t, p)
			isAlive(t, self(), path, c.rule)
			goOn(t, p)
			isAlive(t, self(), path, c.rule)
		})
	}
}
