package fsys_test

import (
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
)

func TestGuardsAreNamedByLevel(t *testing.T) {
	for _, c := range []struct {
		name, guard, lock string
		level             int
	}{
		{"job.lock", ".job.lock.1.guard", "", 0},
		{".job.lock.1.guard", ".job.lock.2.guard", "job.lock", 1},
		{".job.lock.9.guard", ".job.lock.10.guard", "job.lock", 9},
		{".job.lock.99.guard", "", "job.lock", 99},
		// What only looks like one is guarded like a lock.
		{".job.lock.100.guard", "..job.lock.100.guard.1.guard", "", 0},
		{".job.lock.01.guard", "..job.lock.01.guard.1.guard", "", 0},
		{".job.lock.0.guard", "..job.lock.0.guard.1.guard", "", 0},
		{".job.lock.+1.guard", "..job.lock.+1.guard.1.guard", "", 0},
		{".1.guard", "..1.guard.1.guard", "", 0},
		{"..1.guard", "...1.guard.1.guard", "", 0},
		{".1.2.guard", ".1.3.guard", "1", 2},
		{"job.1.guard", ".job.1.guard.1.guard", "", 0},
	} {
		if g := fsys.GuardOf(c.name); g != c.guard {
			t.Errorf("the guard of %q is %q, want %q", c.name, g, c.guard)
		}
		if lock, level := fsys.GuardName(c.name); lock != c.lock || level != c.level {
			t.Errorf("%q is the guard of level %d of %q, want %d of %q", c.name, level, lock, c.level, c.lock)
		}
	}
}
