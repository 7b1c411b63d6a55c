package lock

import (
	"container/list"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// queues hold the goroutines of this process that wait for a lock: of those
// that want the same in the same way, one looks at the file, and the others
// wait in memory, first come first served. What they queue for is the right to
// try; the file decides.
var queues = queueSet{m: make(map[place]*line)}

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
	m  map[place]*line
	// busy is how many holds and waiters there are. Most processes have one lock
	// at a time, and need not look for others before they take it.
	busy atomic.Int64
}

// queue is the waiters that want the same.
type queue struct {
	list.List // of *waiter
	line      *line
	want      want
	// later rouses the first one some time after he became the first because
	// the one before him took the lock, which he will usually let go by then.
	later *time.Timer
}

func (q *queue) first() *waiter { return q.Front().Value.(*waiter) }

// waiter is one call of Lock that waits.
type waiter struct {
	h     *handle
	queue *queue // that it stands in, as at
	at    *list.Element
	wake  chan struct{} // something changed: look again
	given *passage      // a hard lock, by the handle that had it; guarded by queueSet.mu
}

func (w *waiter) rouse() {
	select {
	case w.wake <- struct{}{}:
	default: // it has not looked since the last time
	}
}

func (h *handle) want(m mode) want {
	return want{h.proto.kind(), m, h.cfg.withoutReaping, h.cfg.poll}
}

// waited: somebody of this process waits for the same already.
func (s *queueSet) waited(h *handle, m mode) bool {
	if s.busy.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.find(h)
	return l != nil && len(l.queues) > 0 && l.queue(h.want(m)) != nil
}

// held: a handle of this process has the lock in a way that excludes m. The
// path may name another file by now, so it is not for ever to be believed.
func (s *queueSet) held(h *handle, m mode) bool {
	if s.busy.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.find(h)
	return l != nil && l.excludes(m)
}

// took notes that a handle has the lock. After it, released and leaving are the
// order in which what one owner in this process did before Unlock happens
// before what the next one does after Lock, in the sense of the Go memory
// model, which knows nothing of files: leaving comes before the file is
// released and took after it is taken, so the file puts the two in that order.
func (s *queueSet) took(h *handle, m mode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy.Add(1)
	n := &s.line(h).holds
	*n.of(m)++
	n.local = n.local || h.local.Load()
}

// leaving is called before a lock is let go; see took.
func (s *queueSet) leaving() {
	s.mu.Lock()
	//lint:ignore SA2001 the empty section is the point
	s.mu.Unlock()
}

// join puts a call at the end of its queue.
func (s *queueSet) join(h *handle, m mode) *waiter {
	w := &waiter{h: h, wake: make(chan struct{}, 1)}
	want := h.want(m)
	s.mu.Lock()
	s.busy.Add(1)
	l := s.line(h)
	if l.holds.local {
		h.local.Store(true)
	}
	w.queue = l.queue(want)
	if w.queue == nil {
		w.queue = &queue{line: l, want: want}
		l.queues = append(l.queues, w.queue)
	}
	w.at = w.queue.PushBack(w)
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
	if given := s.leaveLocked(w); given != nil {
		dropped(w.h)(*given)
	}
}

func (s *queueSet) leaveLocked(w *waiter) (given *passage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy.Add(-1)
	q := w.queue
	first := q.Front() == w.at
	q.Remove(w.at)
	switch {
	case q.Len() == 0:
		if q.later != nil {
			q.later.Stop()
		}
		l := q.line
		l.queues = slices.DeleteFunc(l.queues, func(other *queue) bool { return other == q })
		s.idle(l)
	case !first:
	case q.line.excludes(q.want.mode): // by w, most likely
		if q.later == nil {
			q.later = time.AfterFunc(linger, func() { s.rouseFirst(q) })
		} else {
			q.later.Reset(linger)
		}
	default:
		q.first().rouse()
	}
	given, w.given = w.given, nil
	return given
}

func (s *queueSet) rouseFirst(q *queue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.Len() > 0 {
		q.first().rouse()
	}
}

// give hands a hard lock over to a waiter of this process, so that it need not
// be let go and taken again; false when there is none.
func (s *queueSet) give(h *handle, let *passage) bool {
	s.mu.Lock()
	var to *waiter
	if l := s.find(h); l != nil {
		if q := l.queue(h.want(exclusive)); q != nil && q.first().given == nil {
			to = q.first()
			to.given = let
		}
	}
	s.mu.Unlock()
	if to == nil {
		return false
	}
	to.rouse() // as in released
	return true
}

// turn says whether a call is the one of its queue that may try, and what it was
// given meanwhile, which is the caller's then.
func (s *queueSet) turn(w *waiter) (first bool, given *passage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	given, w.given = w.given, nil
	return w.queue.Front() == w.at, given
}

// released notes that a handle of this process has let go, and tells the first
// waiters of the path.
//
// They are woken when mu is free, for waking takes as long as many a hold, and
// the first thing that the woken want is mu. Who leaves meanwhile passes it on:
// the lock is not held any more.
func (s *queueSet) released(h *handle, m mode) {
	var few [4]*waiter
	for _, w := range s.releasedTo(h, m, few[:0]) {
		w.rouse()
	}
}

func (s *queueSet) releasedTo(h *handle, m mode, first []*waiter) []*waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy.Add(-1)
	l := s.line(h)
	n := &l.holds
	*n.of(m)--
	if n.exclusive == 0 && n.shared == 0 {
		n.local = false // whatever is there next
	}
	for _, q := range l.queues {
		first = append(first, q.first())
	}
	s.idle(l)
	return first
}
