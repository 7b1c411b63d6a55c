package explore

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"time"
)

// Config is what is gone through: who plays, for how long, and in what world.
type Config struct {
	Model   *Model
	Actors  []*Program
	Rounds  int
	Crashes int
	Harm    bool // only two owners and wedges count as wrong
	Most    int  // states; 0: as many as there are
	Restart bool // who is killed begins again, as another process
	Stuck   bool // look for states from which not everybody can finish
}

func (c *Config) String() string {
	s := c.Model.Name + ":"
	for _, p := range c.Actors {
		s += " " + p.Name
	}
	s = fmt.Sprintf("%s, %d rounds, %d crashes", s, c.Rounds, c.Crashes)
	if c.Restart {
		s += ", restart"
	}
	if c.Stuck {
		s += ", stuck"
	}
	return s
}

// Result is what a search came to.
type Result struct {
	States, Moves int
	Depth         int // of the longest shortest path
	Time          time.Duration
	Nodes         int    // of the programs' minds
	Wrong         string // "" when nothing was
	Path          []Move // that leads there, the shortest there is
	Replay        string // the same for Replay
}

// ErrTooMany: there are more states than were asked for.
var ErrTooMany = errors.New("there are more states")

// search goes through all states, breadth first, so that the first path to
// something wrong is a shortest one.
//
// A state counts as known when one with the same 64-bit hash is: with 10^8
// states the chance that one is left out for that is below 1 in 3,000.
type search struct {
	stepper
	cfg   *Config
	seed  maphash.Seed
	known hashSet
	// By the number of a state, in the order in which they were found.
	parent []uint32
	move   []uint16
	level  arena // keys of the states of this level, and of the next
	after  arena
	buf    []byte

	result  Result
	current uint32 // state whose moves are made
	edges   *graph
	rest    map[restKey]bool
	first   State
	names   [MaxActors]uint8 // of the actors at the end of the path
}

// Run explores.
func (c *Config) Run(ctx context.Context) (Result, error) {
	start := time.Now()
	s := newSearch(c)
	err := s.run(ctx)
	if err == nil && s.result.Wrong == "" && c.Stuck {
		s.stuck()
	}
	s.result.Time = time.Since(start)
	for _, m := range s.minds {
		s.result.Nodes += len(m.nodes)
	}
	return s.result, err
}

func newSearch(c *Config) *search {
	s := &search{cfg: c, seed: maphash.MakeSeed()}
	s.model, s.harm, s.restart = c.Model, c.Harm, c.Restart
	s.rest = make(map[restKey]bool)
	if c.Stuck {
		s.edges = &graph{}
	}
	return s
}

// initial is the state in which nobody has done anything.
func (x *stepper) initial(c *Config) State {
	var s State
	s.N, s.Crashes = uint8(len(c.Actors)), uint8(c.Crashes)
	byProgram := make(map[*Program]uint8)
	x.next = s
	for p, prog := range c.Actors {
		n, ok := byProgram[prog]
		if !ok {
			n = uint8(len(x.minds))
			byProgram[prog] = n
			x.minds = append(x.minds, newMind(prog, c.Model))
		}
		x.hard = x.hard || prog.Hard
		x.next.Act[p] = Actor{Prog: n, Rounds: uint8(c.Rounds)}
		x.arrive(p, x.minds[n].root)
	}
	s = x.next
	s.tidy(c.Model)
	return s
}

func (s *search) run(ctx context.Context) error {
	s.first = s.initial(s.cfg)
	first := s.first
	s.stepper.yield = s.found
	s.add(&first, 0, 0)
	for s.level, s.after = s.after, s.level; s.level.n > 0; s.level, s.after = s.after, s.level {
		s.after.reset()
		s.result.Depth++
		number := uint32(len(s.parent) - s.level.n)
		for key := range s.level.all {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			st := restore(key)
			s.current = number
			number++
			before := s.result.Moves
			s.moves(&st)
			if s.result.Moves == before {
				s.atRest(&st)
			}
			if s.result.Wrong == "" {
				s.judgeRest(&st)
			}
			if s.result.Wrong != "" {
				return nil
			}
			if s.cfg.Most > 0 && len(s.parent) > s.cfg.Most {
				return fmt.Errorf("%w than %d", ErrTooMany, s.cfg.Most)
			}
		}
	}
	s.result.States = len(s.parent)
	return nil
}

// found takes in a state that a move leads to.
func (s *search) found(t *State, m Move) {
	s.result.Moves++
	if s.result.Wrong != "" {
		return
	}
	if s.bad != "" {
		s.fail(s.current, s.bad)
		s.result.Replay = strings.TrimPrefix(s.result.Replay+"."+spell([]uint16{m.code()}), ".")
		m.Actor = s.names[m.Actor]
		s.result.Path = append(s.result.Path, m)
		return
	}
	keep := *t
	t.tidy(s.model)
	to := s.add(t, s.current, m.code())
	*t = keep
	if s.edges != nil {
		s.edges.add(s.current, to, m.Kill)
	}
}

// add makes a state known, and gives its number.
func (s *search) add(t *State, parent uint32, code uint16) uint32 {
	s.buf = t.key(s.buf[:0])
	n, is := s.known.add(maphash.Bytes(s.seed, s.buf), uint32(len(s.parent)))
	if is {
		return n
	}
	s.parent = append(s.parent, parent)
	s.move = append(s.move, code)
	s.result.States = len(s.parent)
	s.after.add(s.buf)
	return n
}

// fail says that a state is wrong.
func (s *search) fail(state uint32, why string) {
	if s.result.Wrong == "" {
		s.result.Wrong = why
		s.result.Path = s.path(state)
	}
}

// path plays the moves that lead to a state.
func (s *search) path(to uint32) []Move {
	var codes []uint16
	for n := to; n != 0; n = s.parent[n] {
		codes = append(codes, s.move[n])
	}
	slices.Reverse(codes)
	p := player{names: [MaxActors]uint8{0, 1, 2, 3}, state: s.first}
	p.stepper = stepper{model: s.model, minds: s.minds, harm: true, hard: s.hard, restart: s.restart}
	for _, code := range codes {
		if !p.play(code) {
			panic("explore: a path cannot be played again")
		}
	}
	s.result.Replay = spell(codes)
	s.names = p.names
	return p.path
}
