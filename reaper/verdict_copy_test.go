//go:build linux || windows

package reaper_test

import (
	"os"
	"testing"

	"github.com/filelock-go/filelock/reaper"
)

// A copy has the record of a kernel lock that is on another file. Only the pid
// can testify for it.
func TestACopiedLockFile(t *testing.T) {
	path := tempLock(t)
	p := owner(t, path)
	copied := copyOf(t, path)
	isAlive(t, self(), copied, reaper.RuleProcessAlive)
	moved := copied + ".moved"
	must(t, os.Rename(copied, moved))
	isAlive(t, self(), moved, reaper.RuleProcessAlive)
	isAlive(t, self(), path, reaper.RuleKernelLockHeld)
	p.end(t)

	isDead(t, self(), moved, reaper.RuleProcessGone)
	isDead(t, self(), copyOf(t, path), reaper.RuleProcessGone)
	isDead(t, self(), path, reaper.RuleKernelLockFree)
}

// The same kernel lock under another name of the same file.
func TestAHardLinkOfALiveLockIsAlive(t *testing.T) {
	path := tempLock(t)
	p := owner(t, path)
	must(t, os.Link(path, path+".link"))
	isAlive(t, self(), path+".link", reaper.RuleKernelLockHeld)
	releases(t, p, path)
	isDead(t, self(), path+".link", reaper.RuleKernelLockFree)
}

func copyOf(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path+".copy", b, 0o644))
	return path + ".copy"
}
