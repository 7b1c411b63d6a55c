package net

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// search goes through all states, breadth first.
type search struct {
	stepper
	known  map[uint64]uint32
	parent []uint32
	hash   []uint64 // of each state, to find the way there again
	queue  []state
	first  state
	alike  bool // the processes differ only in where they are
	seen   map[uint64]bool
	result Result

	from, to []uint32 // edges that are no kills

	current uint32
	replay  func(state, string) // instead of taking states in
	move    string
	why     string

	own   map[*Program]*tree
	heard *[most][]answer // what each process heard in its round, if somebody wants to know
}

// Run explores.
func (c *Config) Run(ctx context.Context) (Result, error) {
	start := time.Now()
	s, err := c.search()
	if err != nil {
		return Result{}, err
	}
	s.reached(s.first, false)
	err = s.all(ctx)
	if err == nil && s.result.Wrong == "" && c.Stuck {
		s.stuck()
	}
	for _, t := range s.own {
		s.result.Nodes += len(t.nodes)
	}
	s.result.States, s.result.Time = len(s.parent), time.Since(start)
	return s.result, err
}

// search is a search that has not begun.
func (c *Config) search() (*search, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	s := &search{known: make(map[uint64]uint32), seen: make(map[uint64]bool)}
	s.cfg, s.fail = c, func(why string) {
		if s.why == "" {
			s.why = why
		}
	}
	trees := make(map[*Program]*tree)
	s.own = trees
	st := &s.first
	for p := range st.act {
		st.act[p].node = -1
	}
	s.alike = true
	hosts := make(map[byte]bool)
	for p, prog := range c.Actors {
		if trees[prog] == nil {
			trees[prog] = newTree(prog, c)
		}
		s.trees[p] = trees[prog]
		st.act[p].rounds, st.act[p].node = uint8(c.Rounds), trees[prog].root.node
		s.alike = s.alike && prog == c.Actors[0]
		hosts[c.Hosts[p]] = true
	}
	s.alike = s.alike && (len(hosts) == 1 || len(hosts) == len(c.Hosts))
	st.crashes, st.pauses, st.losses, st.stale = uint8(c.Crashes), uint8(c.Pauses), uint8(c.Losses), uint8(c.Stale)
	return s, nil
}

func (s *search) all(ctx context.Context) error {
	for i := 0; len(s.queue) > 0; s.result.Depth++ {
		level := s.queue
		s.queue = nil
		for n := range level {
			if i&0xfff == 0 && ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if s.cfg.Most > 0 && i >= s.cfg.Most {
				return fmt.Errorf("more than %d states", s.cfg.Most)
			}
			s.current = uint32(i)
			i++
			s.visit(&level[n])
			if s.why != "" {
				s.wrong()
				return nil
			}
		}
	}
	return nil
}

// visit makes every step from a state, and lets everybody be killed in it.
func (s *search) visit(st *state) {
	if s.why = s.owners(st); s.why != "" {
		s.move = ""
		return
	}
	s.moves(*st)
	if s.why != "" {
		return
	}
	s.move = "everybody is killed"
	s.afterAll(*st)
}

// moves makes every step that can be made from a state.
func (s *search) moves(st state) {
	for p := range s.cfg.Actors {
		if st.ended(p) {
			continue
		}
		s.goes(st, p, "")
		if s.why != "" {
			return
		}
		s.kill(st, p)
		s.touch(st, p)
	}
}

func (s *search) kill(st state, p int) {
	notable := false
	for _, t := range st.name {
		notable = notable || t != 0 && int(st.file[t].owner) == p
	}
	if st.crashes == 0 || !notable {
		return
	}
	st.crashes--
	st.spent = true
	a := s.at(&st, p)
	half := s.cfg.Halves && a.op == write
	var t uint8
	if half {
		t = st.act[p].slots[a.slot]
	}
	st.act[p] = actor{node: -1, dead: true}
	s.move = name(p) + " is killed"
	s.reached(st, true)
	if half && st.file[t].form == empty {
		st.file[t].form = 1
		s.move += " in the middle of the write"
		s.reached(st, true)
	}
}

// touch is a renewal that comes late.
func (s *search) touch(st state, p int) {
	a := s.at(&st, p)
	if !s.cfg.Touch || a.lock < 0 {
		return
	}
	t := st.act[p].slots[a.lock]
	if f := &st.file[t]; a.inside && f.kind == leased && f.form == whole && !f.touched {
		f.touched = true
		s.move = name(p) + " renews"
		s.reached(st, false)
	}
}

// goes makes the next call of a process, and all that follow from it which nobody
// can notice.
func (s *search) goes(st state, p int, move string) {
	a := s.at(&st, p)
	n := s.trees[p].nodes[st.act[p].node]
	what := move + name(p) + " " + a.op.String()
	switch a.op {
	case create, open, lstat, unlink:
		what += " " + nameOf(a.level)
	}
	if a.op == write && s.cfg.Halves && st.file[st.act[p].slots[a.slot]].form == empty {
		st.file[st.act[p].slots[a.slot]].form = half
		s.move = what + " (its beginning)"
		s.reached(st, false)
		return
	}
	s.move = what
	emit := s.emit
	defer func() { s.emit = emit }()
	s.emit = func(next state, ans answer) {
		if s.why != "" {
			return
		}
		text := what + said(a, ans)
		if s.heard != nil {
			before := s.heard[p]
			defer func() { s.heard[p] = before }()
			full := ans
			if a.op == create && ans.what == ok {
				full.serial = next.file[next.act[p].slots[a.n]].serial
			} else if a.op == open && ans.what == ok {
				full.serial = next.file[next.act[p].slots[ans.slot]].serial
			}
			s.heard[p] = append(slices.Clip(before), full)
		}
		s.arrive(&next, p, s.trees[p].next(n, ans))
		if !next.ended(p) {
			b := s.at(&next, p)
			switch {
			case b.op == unlink && a.op == clock, b.op == watch && a.op == read, s.private(&next, p, b):
				s.goes(next, p, text+"; ")
				return
			}
		}
		s.move = text
		s.reached(next, false)
	}
	s.step(st, p, a)
}

func nameOf(l int8) string {
	if l == 0 {
		return "the lock"
	}
	return fmt.Sprintf("guard %d", l)
}

func said(a *asked, ans answer) string {
	switch {
	case ans.what != ok:
		return ": " + whatNames[ans.what]
	case a.op == read:
		return ": " + [...]string{"empty", "the beginning of a record", "a record"}[ans.form]
	case a.op == clock:
		return ": " + [...]string{"young", "more than half is over", "all is over"}[ans.age]
	case a.op == watch:
		return ": not yet over"
	}
	return ""
}

// arrive puts a process where an edge leads.
func (s *search) arrive(st *state, p int, e edge) {
	act := &st.act[p]
	if e.cut {
		act.keep(e.keep)
	}
	act.node = e.node
	o := s.at(st, p).op
	if t := st.name[0]; (o == done || o == again) && t != 0 && int(st.file[t].owner) == p && !s.cfg.faulty() {
		s.fail("a call returns before the own file is gone")
	}
	if s.heard != nil && (o == done || o == again) {
		s.heard[p] = nil
	}
	switch o {
	case done:
		rounds := act.rounds - 1
		*act = actor{node: -1}
		if rounds > 0 {
			*act = actor{rounds: rounds, node: s.trees[p].root.node}
		}
	case again:
		*act = actor{rounds: act.rounds, node: s.trees[p].root.node}
	}
}

func (a *actor) keep(which []int8) {
	var kept [slots]uint8
	for i, j := range which {
		kept[i] = a.slots[j]
	}
	a.slots = kept
}

// reached takes in a state that a move leads to.
func (s *search) reached(st state, kill bool) {
	s.tidy(&st)
	if s.replay != nil {
		s.replay(st, s.move)
		return
	}
	s.result.Moves++
	h := s.hashOf(st)
	n, known := s.known[h]
	if !known {
		n = uint32(len(s.parent))
		s.known[h] = n
		s.parent, s.hash, s.queue = append(s.parent, s.current), append(s.hash, h), append(s.queue, st)
	}
	if s.cfg.Stuck && !kill && n != s.current {
		s.from, s.to = append(s.from, s.current), append(s.to, n)
	}
}
