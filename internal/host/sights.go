package host

import (
	"sync"

	"github.com/filelock-go/filelock/internal/sights"
)

// Sights is what this process, and others of this user before it, have seen of
// lock files about which only time can tell something. It is kept in memory and,
// in the real world, in the user's private directory.
type Sights struct {
	kept *sights.Store
	mu   sync.Mutex
	m    map[string]sights.Sight
}

// mostSights bounds the memory: beyond it some watches begin anew.
const mostSights = 4096

// Recall is what was last seen of a lock, in the same boot.
func (s *Sights) Recall(key, boot string) (sights.Sight, bool) {
	s.mu.Lock()
	own, known := s.m[key]
	s.mu.Unlock()
	if s.kept == nil || boot == "" {
		return own, known
	}
	other, found := s.kept.Recall(key)
	switch {
	case !found || other.Boot != boot:
		return own, known
	case !known:
		return other, true
	case own.Print == other.Print:
		own.First, own.Last, own.Reads = min(own.First, other.First), max(own.Last, other.Last), max(own.Reads, other.Reads)
		return own, true
	case own.Last >= other.Last:
		// What is kept may be old: where it can be read but not replaced (a full
		// disk) it would have each look begin the watch anew.
		return own, true
	}
	return other, true
}

// In has the sights kept in a store, before there are any.
func (s *Sights) In(store *sights.Store) { s.kept = store }

// Keep remembers a sight. Where it cannot be kept for other processes, this one
// has it still.
func (s *Sights) Keep(x sights.Sight) {
	s.mu.Lock()
	if s.m == nil {
		s.m = make(map[string]sights.Sight)
	}
	for key := range s.m {
		if len(s.m) < mostSights {
			break
		}
		delete(s.m, key)
	}
	s.m[x.Key] = x
	s.mu.Unlock()
	if s.kept != nil && x.Boot != "" {
		_ = s.kept.Keep(x) // the watch is then this process's alone
	}
}
