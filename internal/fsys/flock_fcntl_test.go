//go:build aix || (solaris && !illumos) || (linux && filelock_fcntl)

package fsys

import (
	"testing"

	"golang.org/x/sys/unix"
)

// A server may not answer any more when a file is closed. Nobody has its lock then,
// all the same.
func TestAFileThatCannotBeAskedAboutKeepsNoLock(t *testing.T) {
	d := Real.At(t.TempDir())
	made, err := d.Create("a", 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if err := made.TryLock(Exclusive); err != nil {
		t.Fatal(err)
	}
	_ = unix.Close(made.(*file).fd)
	_ = made.CloseOnly()                                   // which fails: the descriptor is not there
	other, err := unix.Open("/dev/null", unix.O_RDONLY, 0) // nor is its number the next one's
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(other)
	again, err := d.Open("a", OpenWrite)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.TryLock(Exclusive); err != nil {
		t.Errorf("lock it again: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
