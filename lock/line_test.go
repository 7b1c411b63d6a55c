package lock_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/filelock-go/filelock/lock"
)

// What a process knows of a path that nobody locks any more does not pile up,
// and a handle whose path was forgotten is in order with those that come later.
func TestPathsThatWereLockedOnceAreForgotten(t *testing.T) {
	dir := t.TempDir()
	var first []*lock.Soft
	for i := range 3 * lock.MostLines {
		s := lock.NewSoft(filepath.Join(dir, fmt.Sprint(i)))
		must(t, s.Lock(bg))
		must(t, s.Unlock())
		first = append(first, s)
	}
	// Other tests' may still be held.
	if n := lock.Lines(); n > 2*lock.MostLines {
		t.Errorf("%d paths are remembered after %d locks, want at most %d", n, len(first), lock.MostLines)
	}
	for _, s := range first {
		other := lock.NewSoft(s.Path())
		must(t, other.Lock(bg))
		done := make(chan error)
		go func() { done <- s.Lock(bg) }()
		for lock.Waiting(s.Path()) == 0 {
			select {
			case err := <-done:
				t.Fatalf("%s was locked twice: %v", s.Path(), err)
			default:
			}
		}
		must(t, other.Unlock())
		must(t, <-done)
		must(t, s.Unlock())
		must(t, lock.AtRest(s.Path()))
		threadsEnd(s.Path())
	}
}
