package lock

import (
	"container/list"
	"sync"
	"time"

	"github.com/filelock-go/filelock/internal/host"
)

// queues hold the goroutines of this process that wait for a lock: of those
// that want the same in the same way, one looks at the file, and the others
// wait in memory, first come first served. What they queue for is the right to
// try; the file decides.
var queues = queueSet{m: make(map[place]map[want]*list.List)}

// place is a path in a world; two spellings of one file are two places, which
// costs order and looks, nothing else.
type place struct {
	host *host.Host
	path string
}

// want is what a waiter waits for and how. A waiter that may get the lock must
// not stand behind one that cannot: a reader behind a writer, one that breaks
// the locks of the dead behind one that does not, a brisk one behind a slow.
type want struct {
	kind           string
	mode           mode
	withoutReaping bool
	poll           time.Duration
}

type queueSet struct {
	mu sync.Mutex
	m  map[place]map[want]*list.List // of *waiter
}

// waiter is one call of Lock that waits.
type waiter struct {
	h    *handle
	want want
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

func (h *handle) want(m mode) want {
	return want{h.proto.kind(), m, h.cfg.withoutReaping, h.cfg.poll}
}

// busy: somebody of this process waits for the same already.
func (s *queueSet) busy(h *handle, m mode) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m[h.place()][h.want(m)] != nil
}

// join puts a call at the end of its queue.
func (s *queueSet) join(h *handle, m mode) *waiter {
	w := &waiter{h: h, want: h.want(m), wake: make(chan struct{}, 1)}
	s.mu.Lock()
	if s.m[h.place()] == nil {
		s.m[h.place()] = make(map[want]*list.List)
	}
	q := s.m[h.place()][w.want]
	if q == nil {
		q = list.New()
		s.m[h.place()][w.want] = q
	}
	w.at = q.PushBack(w)
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
	all := s.m[w.h.place()]
	q := all[w.want]
	first := q.Front() == w.at
	q.Remove(w.at)
	switch {
	case q.Len() > 0 && first:
		q.Front().Value.(*waiter).rouse()
	case q.Len() == 0:
		delete(all, w.want)
		if len(all) == 0 {
			delete(s.m, w.h.place())
		}
	}
}

// first says whether a call is the one of its queue that may try.
func (s *queueSet) first(w *waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m[w.h.place()][w.want].Front() == w.at
}

// released tells the first waiters of a path that a handle of this process let go.
func (s *queueSet) released(h *handle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.m[h.place()] {
		q.Front().Value.(*waiter).rouse()
	}
}
