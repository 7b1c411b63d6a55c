package reaper_test

import (
	"os"
	"testing"

	"github.com/filelock-go/filelock/reaper"
)

func TestALiveOwnerIsAlive(t *testing.T) {
	t.Run("with the kernel lock", func(t *testing.T) {
		path := tempLock(t)
		p := owner(t, path)
		isAlive(t, self(), path, reaper.RuleKernelLockHeld)
		releases(t, p, path)
	})
	t.Run("without a kernel lock", func(t *testing.T) {
		path := tempLock(t)
		p := start(t)
		token := grant(t, p, path)
		isAlive(t, self(), path, reaper.RuleProcessAlive)
		if r := self().order(t, "break", path, token, ""); r.Err != "" {
			t.Errorf("the owner's own token does not release it: %s", r.Err)
		}
		isFree(t, self(), path)
	})
	t.Run("this very process", func(t *testing.T) {
		path, me := tempLock(t), self()
		hold(t, me, "soft", path)
		isAlive(t, me, path, reaper.RuleKernelLockHeld)
		isAlive(t, start(t), path, reaper.RuleKernelLockHeld)
		releases(t, me, path)
	})
}

func TestAKilledOwnerIsDead(t *testing.T) {
	t.Run("with the kernel lock", func(t *testing.T) {
		path := tempLock(t)
		owner(t, path).end(t)
		isDead(t, self(), path, reaper.RuleKernelLockFree)
	})
	t.Run("without a kernel lock", func(t *testing.T) {
		path := tempLock(t)
		p := start(t)
		grant(t, p, path)
		p.end(t)
		isDead(t, self(), path, reaper.RuleProcessGone)
	})
	t.Run("while others look", func(t *testing.T) {
		path := tempLock(t)
		p, other := owner(t, path), start(t)
		isAlive(t, other, path, reaper.RuleKernelLockHeld)
		p.end(t)
		verdict(t, other, path, "stale", "dead", reaper.RuleKernelLockFree)
		isDead(t, self(), path, reaper.RuleKernelLockFree)
	})
}

func TestAHardLockIsSeenByItsKernelLockAlone(t *testing.T) {
	for _, kind := range []struct{ name, mode string }{{"file", "exclusive"}, {"shared", "shared"}} {
		t.Run(kind.name, func(t *testing.T) {
			path := tempLock(t)
			p := start(t)
			hold(t, p, kind.name, path)
			r := isAlive(t, self(), path, reaper.RuleKernelLockHeld)
			if r.Mode != kind.mode {
				t.Errorf("mode %q, want %q", r.Mode, kind.mode)
			}
			if kind.name == "file" && r.Kind != "file" {
				t.Errorf("kind %q, want file", r.Kind)
			}
			releases(t, p, path)
		})
	}
	t.Run("shared over an older record", func(t *testing.T) {
		path := tempLock(t)
		first, p := start(t), start(t)
		hold(t, first, "file", path)
		first.end(t) // its record stays, and says nothing about the next holder
		hold(t, p, "shared", path)
		if r := isAlive(t, self(), path, reaper.RuleKernelLockHeld); r.Mode != "shared" {
			t.Errorf("mode %q, want shared", r.Mode)
		}
	})
	t.Run("killed", func(t *testing.T) {
		path := tempLock(t)
		p := start(t)
		hold(t, p, "file", path)
		p.end(t)
		isFree(t, self(), path)
		// Its file is no lock any more: a soft lock takes its place.
		if r := self().order(t, "try", "soft", path); r.Err != "" {
			t.Errorf("a soft lock cannot have the path: %s", r.Err)
		}
	})
}

// isFree claims: a sees nobody there, and needs no verdict.
func isFree(t *testing.T, a actor, path string) {
	t.Helper()
	r := a.order(t, "inspect", path)
	if r.Err != "" || r.State != "free" || r.Verdict != "" || r.Rule != "" || r.Mode != "" {
		t.Errorf("state %q, verdict %q, rule %q, mode %q, error %q; want free and nothing else", r.State, r.Verdict, r.Rule, r.Mode, r.Err)
	}
}

// releases claims: whatever was done meanwhile, the owner still had its lock.
func releases(t *testing.T, a actor, path string) {
	t.Helper()
	if r := a.order(t, "release", path); r.Err != "" {
		t.Errorf("the owner lost its lock: %s", r.Err)
	}
	if r := a.order(t, "try", "soft", path); r.Err != "" {
		t.Errorf("after the release: %s", r.Err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Errorf("%s is still there", path)
	}
}
