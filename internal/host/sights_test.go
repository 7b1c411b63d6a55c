package host

import (
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/sights"
)

// A process whose store can be read but not written to has what it saw itself.
func TestWhatCannotBeKeptIsRemembered(t *testing.T) {
	store := sights.In(t.TempDir() + "/kept")
	sight := func(print string, first, last time.Duration, reads int) sights.Sight {
		return sights.Sight{Key: "/x", Boot: "b", Print: print, First: first, Last: last, Reads: reads}
	}
	for _, c := range []struct {
		what            string
		kept, own, want sights.Sight
	}{
		{"kept is of an older file", sight("old", 1, 9, 3), sight("new", 10, 10, 1), sight("new", 10, 10, 1)},
		{"kept is of a newer file", sight("new", 10, 10, 1), sight("old", 1, 9, 3), sight("new", 10, 10, 1)},
		{"kept counts fewer looks", sight("same", 5, 5, 1), sight("same", 5, 8, 3), sight("same", 5, 8, 3)},
		{"kept counts more looks", sight("same", 5, 8, 3), sight("same", 5, 5, 1), sight("same", 5, 8, 3)},
		{"kept began before", sight("same", 2, 8, 2), sight("same", 5, 9, 3), sight("same", 2, 9, 3)},
	} {
		if err := store.Keep(c.kept); err != nil {
			t.Fatal(err)
		}
		s := Sights{m: map[string]sights.Sight{"/x": c.own}}
		s.In(store)
		if got, ok := s.Recall("/x", "b"); !ok || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", c.what, got, ok, c.want)
		}
	}
}
