// Package gate goes through every schedule of a few processes that wait for a
// lock in order: the shipped code of the gate, lock/gate.go, with the blocked
// threads of lock/front.go, in a world that has the gate's file alone. The lock
// itself is something that one process can have.
//
// As in package explore, a process is where the tree of all that its program
// can hear leads; see there.
package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// most is how many processes can play at once.
const most = 4

// Config is what is gone through.
type Config struct {
	Actors  []*Program
	Rounds  int
	Crashes int
	Restart bool // who is killed begins again, as another process
}

func (c *Config) String() string {
	s := "gate:"
	for _, p := range c.Actors {
		s += " " + p.Name
	}
	s = fmt.Sprintf("%s, %d rounds, %d crashes", s, c.Rounds, c.Crashes)
	if c.Restart {
		s += ", restart"
	}
	return s
}

// Result is what a search came to.
type Result struct {
	States, Moves int
	Nodes         int // of the programs' trees
	Time          time.Duration
	Wrong         string   // "" when nothing was
	Path          []string // the shortest way there
}

// actor is a process at one moment.
type actor struct {
	node   int32 // -1: it has ended
	rounds uint8
	file   uint8 // the inode of the gate's file that it has open
	lock   bool  // it has the kernel lock on it
	order  order // and this order lock
	turn   bool  // it takes itself for the next
	has    bool  // it has the lock
}

type order uint8

const (
	none order = iota
	shared
	exclusive
)

// state is everything at one moment. Inodes are numbered in the order in which
// they are met, from the one that has the name.
type state struct {
	named   uint8
	act     [most]actor
	crashes uint8
	crashed bool // since the gate was opened or removed last
}

// tidy numbers the inodes anew.
func (s *state) tidy() {
	var now [most + 2]uint8
	n := uint8(0)
	give := func(i *uint8) {
		if *i == 0 {
			return
		}
		if now[*i] == 0 {
			n++
			now[*i] = n
		}
		*i = now[*i]
	}
	give(&s.named)
	for p := range s.act {
		give(&s.act[p].file)
	}
}

// search goes through all states, breadth first.
type search struct {
	cfg     *Config
	trees   [most]*tree
	known   map[state]int32
	all     []state
	parent  []int32
	move    []string
	from    []int32 // edges that are no kills
	to      []int32
	current int32
	open    bool // somebody who has ended left something open
	result  Result
	// Somebody removes the gate who knows nothing of it: then the order is
	// lost, and all the same nobody may wait for ever.
	disturbed bool
}

// Run explores.
func (c *Config) Run(ctx context.Context) (Result, error) {
	start := time.Now()
	s := &search{cfg: c, known: make(map[state]int32)}
	trees := make(map[*Program]*tree)
	var first state
	for p := range first.act {
		first.act[p].node = -1
	}
	for p, prog := range c.Actors {
		s.disturbed = s.disturbed || prog.Name == "rm"
		if trees[prog] == nil {
			trees[prog] = newTree(prog)
		}
		s.trees[p] = trees[prog]
		first.act[p].rounds = uint8(c.Rounds)
		s.arrive(&first, p, s.trees[p].root)
	}
	first.crashes = uint8(c.Crashes)
	s.reached(first, "", false)
	for i := 0; i < len(s.all) && s.result.Wrong == ""; i++ {
		if ctx.Err() != nil {
			return s.result, context.Cause(ctx)
		}
		s.current = int32(i)
		st := s.all[i]
		before := s.result.Moves
		s.moves(st)
		if s.result.Moves == before {
			s.atRest(st)
		}
	}
	if s.result.Wrong == "" {
		s.stuck()
	}
	for _, t := range trees {
		s.result.Nodes += len(t.nodes)
	}
	s.result.States, s.result.Time = len(s.all), time.Since(start)
	return s.result, nil
}

// reached takes in a state that a move leads to.
func (s *search) reached(st state, move string, kill bool) {
	s.result.Moves++
	st.tidy()
	n, known := s.known[st]
	if !known {
		n = int32(len(s.all))
		s.known[st] = n
		s.all, s.parent, s.move = append(s.all, st), append(s.parent, s.current), append(s.move, move)
	}
	if !kill && n != s.current {
		s.from, s.to = append(s.from, s.current), append(s.to, n)
	}
}

// fail says that something is wrong in a state, or with a move from it.
func (s *search) fail(at int32, move, why string, args ...any) {
	if s.result.Wrong != "" {
		return
	}
	s.result.Wrong = fmt.Sprintf(why, args...)
	if move != "" {
		s.result.Path = append(s.result.Path, move)
	}
	for n := at; n > 0; n = s.parent[n] {
		s.result.Path = append(s.result.Path, s.move[n])
	}
	slices.Reverse(s.result.Path)
}

// atRest: nobody does anything any more, so everybody is through, and the gate
// is gone, unless somebody was killed after whom nobody passed.
func (s *search) atRest(st state) {
	for p := range st.act {
		if st.act[p].node >= 0 {
			s.fail(s.current, "", "%s can do nothing any more", name(p))
		}
	}
	if st.named != 0 && !st.crashed {
		s.fail(s.current, "", "the gate is left")
	}
}

// stuck looks for a state from which, whoever goes on and however, not
// everybody can finish.
func (s *search) stuck() {
	into := make([][]int32, len(s.all))
	leads := make([]bool, len(s.all))
	for i, t := range s.to {
		into[t] = append(into[t], s.from[i])
		leads[s.from[i]] = true
	}
	good := make([]bool, len(s.all))
	var todo []int32
	for i := range s.all {
		if !leads[i] { // at rest
			good[i] = true
			todo = append(todo, int32(i))
		}
	}
	for len(todo) > 0 {
		t := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, f := range into[t] {
			if !good[f] {
				good[f] = true
				todo = append(todo, f)
			}
		}
	}
	if i := slices.Index(good, false); i >= 0 {
		s.fail(int32(i), "", "stuck: from here on not everybody can finish")
	}
}

// Flags are those of the command that goes through it.
func (c *Config) Flags() string {
	var names []string
	for _, p := range c.Actors {
		names = append(names, p.Name)
	}
	s := fmt.Sprintf("-gate %q -rounds %d -crashes %d", strings.Join(names, " "), c.Rounds, c.Crashes)
	if c.Restart {
		s += " -restart"
	}
	return s
}

func name(p int) string { return string(rune('A' + p)) }
