package explore

import (
	"fmt"
	"strconv"
	"strings"
)

// Flags are those with which the command goes through this configuration.
func (c *Config) Flags() string {
	var names []string
	for _, p := range c.Actors {
		names = append(names, p.Name)
	}
	s := fmt.Sprintf("-model %s -actors %q -rounds %d -crashes %d", c.Model.Name, strings.Join(names, " "), c.Rounds, c.Crashes)
	for _, f := range []struct {
		on   bool
		name string
	}{{c.Restart, "restart"}, {c.Stuck, "stuck"}, {c.Harm, "harm"}} {
		if f.on {
			s += " -" + f.name
		}
	}
	return s
}

// code names a move among those from one tidy state.
func (m Move) code() uint16 {
	c := uint16(m.Actor)<<8 | uint16(m.N)<<1
	if m.Kill {
		c |= 1
	}
	return c
}

// player plays moves, and knows the actors by the names they had at first.
type player struct {
	stepper
	state State
	names [MaxActors]uint8
	path  []Move
}

// play makes one move; false when there is none of that code.
func (p *player) play(code uint16) bool {
	done := false
	var next State
	p.yield = func(t *State, m Move) {
		if m.code() == code && !done {
			done = true
			next = *t
			m.Actor = p.names[m.Actor]
			p.path = append(p.path, m)
		}
	}
	if p.bad == "" {
		p.moves(&p.state)
	}
	if !done {
		return false
	}
	order := next.tidy(p.model).order
	var renamed [MaxActors]uint8
	for i := range int(next.N) {
		renamed[i] = p.names[order[i]]
	}
	p.names, p.state = renamed, next
	return true
}

// Replay plays a schedule that Run found.
func (c *Config) Replay(schedule string) (Result, error) {
	p := player{names: [MaxActors]uint8{0, 1, 2, 3}}
	p.model, p.harm, p.restart = c.Model, c.Harm, c.Restart
	p.state = p.initial(c)
	for _, s := range strings.Split(schedule, ".") {
		code, err := strconv.ParseUint(s, 36, 16)
		if err != nil {
			return Result{Path: p.path}, fmt.Errorf("replay: %q is no move", s)
		}
		if !p.play(uint16(code)) {
			return Result{Path: p.path}, fmt.Errorf("replay: there is no move %q after %d moves: the code or the flags are others", s, len(p.path))
		}
	}
	return Result{Path: p.path, Wrong: p.bad}, nil
}

// spell is how Replay reads the moves.
func spell(codes []uint16) string {
	var s []string
	for _, c := range codes {
		s = append(s, strconv.FormatUint(uint64(c), 36))
	}
	return strings.Join(s, ".")
}

// String is the move as a line of a schedule.
func (m Move) String() string {
	who := string(rune('A' + m.Actor))
	if m.Kill {
		return who + " is killed"
	}
	s := who + " " + m.op.String()
	if o := outcomeNames[m.ans.Outcome]; o != "" {
		s += ": " + o
	}
	if m.note != "" {
		s += " (" + m.note + ")"
	}
	return s
}
