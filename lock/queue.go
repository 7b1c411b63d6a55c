package lock

import (
	"container/list"
	"sync"

	"github.com/filelock-go/filelock/internal/host"
)

// queues hold the goroutines of this process that wait for a lock: one waiter
// per path looks at the file, those behind it wait in memory, first come first
// served. What they queue for is the right to try; the file decides.
var queues = queueSet{m: make(map[place]*queue)}

// place is a path in a world; two spellings of one file have two queues, which
// costs order and looks, nothing else.
type place struct {
	host *host.Host
	path string
}

type queueSet struct {
	mu sync.Mutex
	m  map[place]*queue
}

type queue struct{ waiters list.List } // of *waiter

// waiter is one call of Lock that waits.
type waiter struct {
	h    *handle
	at   *list.Element
	wake chan struct{} // something changed: look again
}

func (w *waiter) rouse() {
	select {
	case w.wake <- struct{}{}:
	default: // it has not looked since the last time
	}
}

func (h *handle) place() place { return place{h.cfg.host, h.path} }

// busy: somebody of this process waits for the path already.
func (s *queueSet) busy(h *handle) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m[h.place()] != nil
}

// join puts a call at the end of its path's queue.
func (s *queueSet) join(h *handle) *waiter {
	w := &waiter{h: h, wake: make(chan struct{}, 1)}
	s.mu.Lock()
	q := s.m[h.place()]
	if q == nil {
		q = &queue{}
		s.m[h.place()] = q
	}
	w.at = q.waiters.PushBack(w)
	s.mu.Unlock()
	h.mu.Lock()
	if h.waiting == nil {
		h.waiting = make(map[*waiter]struct{})
	}
	h.waiting[w] = struct{}{}
	h.mu.Unlock()
	return w
}

// leave takes a call out of the queue, and passes its place on.
func (s *queueSet) leave(w *waiter) {
	w.h.mu.Lock()
	delete(w.h.waiting, w)
	w.h.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.m[w.h.place()]
	first := q.waiters.Front() == w.at
	q.waiters.Remove(w.at)
	if q.waiters.Len() == 0 {
		delete(s.m, w.h.place())
	} else if first {
		q.waiters.Front().Value.(*waiter).rouse()
	}
}

// first says whether a call is the one of its path that may try.
func (s *queueSet) first(w *waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m[w.h.place()].waiters.Front() == w.at
}

// released tells the first waiter of a path that a handle of this process let go.
func (s *queueSet) released(h *handle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.m[h.place()]; q != nil {
		q.waiters.Front().Value.(*waiter).rouse()
	}
}
