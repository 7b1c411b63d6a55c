package lock

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
)

// Who cannot wait at a gate that he has open removes it when the one who passed
// had to leave it to him.
func TestForgoRemovesWhatWasLeftToIt(t *testing.T) {
	if !fsys.LocksBelongToFile {
		t.Skip("there are no gates here")
	}
	path := filepath.Join(t.TempDir(), "a.lock")
	one, two := NewSoft(path), NewSoft(path)
	first, err := one.openGate()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.file.TryLock(fsys.Exclusive); err != nil {
		t.Fatal(err)
	}
	second, err := two.openGate()
	if err != nil {
		t.Fatal(err)
	}
	side := filepath.Join(filepath.Dir(path), gateName("a.lock"))
	first.abandon()
	if _, err := os.Lstat(side); err != nil && fsys.OrderLocks {
		t.Errorf("somebody has the gate open to wait at it, and it is removed: %v", err)
	}
	second.forgo()
	if _, err := os.Lstat(side); !os.IsNotExist(err) {
		t.Errorf("the gate is left: %v", err)
	}
}
