//go:build linux && !race

package lock_test

import (
	"testing"

	"github.com/filelock-go/filelock/lock"
)

// What the garbage collector has to clean up behind a lock and an unlock.
func TestALockAndAnUnlockAllocateLittle(t *testing.T) {
	for _, c := range []struct {
		name string
		l    lock.Locker
		most float64
	}{
		{"soft", lock.NewSoft(tempPath(t)), 6},
		{"soft with options", lock.NewSoft(tempPath(t), lock.WithNote("n"), lock.WithLabels(map[string]string{"a": "b"})), 6},
		{"file", lock.NewFile(tempPath(t)), 4},
		{"file without record", lock.NewFile(tempPath(t), lock.WithoutRecord()), 4},
		{"shared", lock.NewFile(tempPath(t)).RLocker(), 4},
	} {
		for range 2 { // they find out where they are
			must(t, c.l.Lock(bg))
			must(t, c.l.Unlock())
		}
		n := testing.AllocsPerRun(100, func() {
			must(t, c.l.Lock(bg))
			must(t, c.l.Unlock())
		})
		t.Logf("%s: %v", c.name, n)
		if n > c.most {
			t.Errorf("%s: %v allocations, want at most %v", c.name, n, c.most)
		}
	}
}
