package lock

import "github.com/filelock-go/filelock/internal/host"

// place is a path in a world; two spellings of one file are two places, which
// costs order and looks, nothing else.
type place struct {
	host *host.Host
	path string
}

func (h *handle) place() place { return place{h.cfg.host, h.path} }

// line is what this process has and wants at one place. It says nothing of the
// file. A handle remembers its line, for a path is long, and to find one by it
// takes longer than what is then done.
type line struct {
	at     place
	holds  holds
	queues []*queue // none is empty
	gone   bool     // it is not in the set any more: there may be another
}

// idleLines is how many lines there may be before those that nobody uses are
// forgotten.
const idleLines = 64

// find is the line of a handle's place, nil if there is none. The caller has mu.
func (s *queueSet) find(h *handle) *line {
	if h.line == nil || h.line.gone {
		h.line = s.m[h.place()]
	}
	return h.line
}

// line is find, and makes one if there is none.
func (s *queueSet) line(h *handle) *line {
	l := s.find(h)
	if l == nil {
		l = &line{at: h.place()}
		s.m[l.at], h.line = l, l
	}
	return l
}

// idle is called when a line may be of no use any more. The caller has mu.
func (s *queueSet) idle(l *line) {
	if len(s.m) > idleLines && len(l.queues) == 0 && l.holds.exclusive == 0 && l.holds.shared == 0 {
		delete(s.m, l.at)
		l.gone = true
	}
}

// queue is the queue of those that want the same, nil if there is none.
func (l *line) queue(w want) *queue {
	for _, q := range l.queues {
		if q.want == w {
			return q
		}
	}
	return nil
}

// excludes: what handles of this process have keeps others from having m.
func (l *line) excludes(m mode) bool {
	return l.holds.exclusive > 0 || m == exclusive && l.holds.shared > 0
}

// holds counts the handles of this process that have a lock. local: one of them
// has seen that its filesystem is.
type holds struct {
	exclusive, shared int
	local             bool
}

func (n *holds) of(m mode) *int {
	if m == shared {
		return &n.shared
	}
	return &n.exclusive
}
