package lock_test

import (
	"errors"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
)

// An owner whose lease is over and who does not let go is in nobody's way, not in
// that of his own process either.
func TestALostLockIsTakenOverInItsOwnProcess(t *testing.T) {
	for name, opts := range leased {
		t.Run(name, func(t *testing.T) {
			w := newNetWorld(t)
			opts := append(opts[:len(opts):len(opts)], lock.InHost(w.machine(1, fsys.Real)))
			stuck, other := lock.NewSoft(w.path, opts...), lock.NewSoft(w.path, opts...)
			must(t, stuck.TryLock())
			w.pass(time.Minute)
			w.takesOver(t, other)
			if stuck.Locked() {
				t.Error("two owners at once")
			}
			if err := stuck.Unlock(); !errors.Is(err, lock.ErrLost) {
				t.Errorf("Unlock: %v, want ErrLost", err)
			}
			if !other.Locked() {
				t.Error("the other has lost it")
			}
			must(t, other.Unlock()) // nobody has removed its file
		})
	}
}
