package explore

import (
	"fmt"

	"github.com/filelock-go/filelock/internal/simfs"
)

// A Move is one step of one process.
type Move struct {
	Actor uint8
	Kill  bool
	N     uint8 // which of the things that may come of its call

	op   Op
	ans  Answer
	note string
}

// stepper makes the moves from a state.
type stepper struct {
	model   *Model
	minds   []*Mind // by Actor.Prog
	bad     string  // what was wrong with the last move
	restart bool    // who is killed begins again, as another process
	hard    bool    // there are hard locks
	harm    bool    // only two owners and wedges are wrong
	yield   func(*State, Move)

	from *State
	p    int
	n    uint8
	// What the move did to the state before the answer is known to the mind.
	next State
}

func (x *stepper) node(s *State, p int) *Node {
	a := &s.Act[p]
	if a.Node < 0 {
		return nil
	}
	return x.minds[a.Prog].nodes[a.Node]
}

// moves yields every state that one step leads to.
func (x *stepper) moves(s *State) {
	if p := x.private(s); p >= 0 {
		x.move(s, p)
		return
	}
	for p := range int(s.N) {
		if s.Act[p].Node < 0 {
			continue
		}
		x.move(s, p)
		if s.Crashes > 0 && x.leavesTrace(s, p) {
			x.next = *s
			x.kill(p)
			x.yield(&x.next, Move{Actor: uint8(p), Kill: true})
		}
	}
}

// kill ends a process, and with restart begins another in its place.
func (x *stepper) kill(p int) {
	s := &x.next
	s.Crashes--
	s.Crashed = true
	s.W.Kill(p)
	for r := range s.Recs {
		if s.Recs[r].Alive && int(s.Recs[r].Actor) == p {
			s.Recs[r].Alive, s.Recs[r].Owned = false, false
			x.unwatch(uint8(r))
		}
	}
	a := &s.Act[p]
	if !x.restart {
		*a = Actor{Node: -1}
		return
	}
	*a = Actor{Prog: a.Prog, Rounds: a.Rounds}
	x.arrive(p, x.minds[a.Prog].root)
}

func (x *stepper) unwatch(r uint8) {
	for q := range x.next.Act {
		if x.next.Act[q].Watched == r {
			x.next.Act[q].Watched = 0
		}
	}
}

// leavesTrace: killing the process makes a difference to others. Otherwise it
// is as if it had not begun.
func (x *stepper) leavesTrace(s *State, p int) bool {
	a := &s.Act[p]
	mind := &x.node(s, p).mind
	for fd, f := range s.W.Open[p] {
		if f.Ino != 0 && (f.Lock != simfs.None || mind.writable[fd]) {
			return true
		}
	}
	for r := range s.Recs {
		if s.Recs[r].Alive && int(s.Recs[r].Actor) == p {
			return true
		}
	}
	return a.Half || a.Inside != simfs.None
}

// move makes the next call of a process, with everything that may come of it.
func (x *stepper) move(s *State, p int) {
	x.from, x.p, x.n = s, p, 0
	n := x.node(s, p)
	op := n.Op
	x.begin()
	w := &x.next.W
	switch op.Call {
	case Create:
		x.create(op, false)
	case OpenFile:
		if op.Make && w.Named == 0 {
			x.create(op, true)
			return
		}
		x.open(op)
	case Open:
		x.open(op)
	case Lstat:
		if w.Named == 0 {
			x.end(op, Answer{Outcome: Missing})
			return
		}
		x.info(op, w.Named)
	case Fstat:
		x.info(op, w.Open[p][op.FD].Ino)
	case Read:
		x.read(op)
	case Write:
		x.write(op)
	case Truncate:
		w.Truncate(p, int(op.FD))
		x.end(op, Answer{})
	case Lock:
		x.lock(op)
	case Wait:
		if w.TryLock(p, int(op.FD), op.Mode) {
			x.end(op, Answer{})
		}
	case Leave, Ordered:
		x.end(op, Answer{Outcome: No})
		x.begin()
		x.end(op, Answer{})
	case Unlock:
		w.Unlock(p, int(op.FD))
		x.end(op, Answer{})
	case Close:
		w.Close(p, int(op.FD))
		x.end(op, Answer{})
	case Unlink:
		x.unlink(op)
	case List:
		x.list(op)
	case Look:
		o := OK
		r := x.next.Recs[x.next.Act[p].Recs[op.Rec-1]]
		if !r.Alive || x.model.Containers && int(r.Actor) != p { // there a pid is another's, or nobody's
			o = Gone
		}
		x.end(op, Answer{Outcome: o})
	case MoveAside:
		a := Answer{}
		if !w.MoveAside(p) {
			a.Outcome = Missing
		}
		x.end(op, a)
	case MoveBack:
		w.MoveBack(p)
		x.end(op, Answer{})
	case Drop:
		w.Drop(p)
		x.end(op, Answer{})
	case Hold:
		x.end(op, Answer{Outcome: Short})
		if op.Hands {
			x.begin()
			x.end(op, Answer{Outcome: Fair})
		}
		x.begin()
		x.end(op, Answer{})
	default:
		panic(fmt.Sprintf("explore: %s is no step", op))
	}
}

// begin starts one of the things that may come of a call.
func (x *stepper) begin() {
	x.next = *x.from
	a := &x.next.Act[x.p]
	if a.Leaving {
		a.Leaving, a.Inside = false, simfs.None
		for r := range x.next.Recs {
			if int(x.next.Recs[r].Actor) == x.p && x.next.Recs[r].Owned {
				x.next.Recs[r].Owned = false
				x.unwatch(uint8(r))
			}
		}
	}
}

func (x *stepper) wrong(format string, args ...any) {
	if x.bad == "" {
		x.bad = fmt.Sprintf(format, args...)
	}
}

// end gives the process its answer.
func (x *stepper) end(op Op, a Answer) {
	x.noted(op, a, "")
}

func (x *stepper) noted(op Op, a Answer, note string) {
	act := &x.next.Act[x.p]
	mind := x.minds[act.Prog]
	x.arrive(x.p, mind.next(mind.nodes[act.Node], a))
	x.yield(&x.next, Move{Actor: uint8(x.p), N: x.n, op: op, ans: a, note: note})
	x.n++
}

// arrive puts a process where an edge leads.
func (x *stepper) arrive(p int, e *Edge) {
	s := &x.next
	a := &s.Act[p]
	for {
		// Events are told in the numbers of the run that came here, which the
		// actor's tables have until they become those of the node.
		for _, ev := range e.Events {
			x.event(p, ev)
		}
		if e.Inos != nil {
			inos, recs := a.Inos, a.Recs
			a.Inos, a.Recs = [maxMet]simfs.Ino{}, [maxMet]uint8{}
			for i, from := range e.Inos {
				if from != 0 {
					a.Inos[i] = inos[from-1]
				}
			}
			for i, from := range e.Recs {
				if from != 0 {
					a.Recs[i] = recs[from-1]
				}
			}
		}
		a.Node = e.ID
		switch e.Op.Call {
		case Done:
			a.Rounds--
			if a.Rounds == 0 {
				x.finish(p)
				return
			}
		case GaveUp:
			x.finish(p)
			return
		case Again:
		default:
			return
		}
		x.closedAll(p)
		*a = Actor{Prog: a.Prog, Rounds: a.Rounds}
		e = x.minds[a.Prog].root
	}
}

func (x *stepper) finish(p int) {
	x.closedAll(p)
	x.next.Act[p] = Actor{Node: -1}
}

// closedAll checks that a program that has ended left nothing open.
func (x *stepper) closedAll(p int) {
	if x.next.W.Open[p] != [simfs.Files]simfs.FD{} {
		x.wrong("a descriptor is left open")
	}
}

func (x *stepper) event(p int, e Event) {
	s := &x.next
	a := &s.Act[p]
	switch e.What {
	case Entered:
		a.Inside = e.Mode
		for q := range int(s.N) {
			if b := &s.Act[q]; q != p && b.Inside != simfs.None && (b.Inside == simfs.Exclusive || e.Mode == simfs.Exclusive) {
				x.wrong("two owners at once")
			}
		}
		if e.Rec != 0 {
			if d := s.W.Data[s.W.Named]; s.W.Named == 0 || d.Form != simfs.Whole || d.Rec != a.Recs[e.Rec-1] {
				x.strict("an owner whose record is not in the lock file")
			}
		}
	case Leaving:
		a.Leaving = true
	case Judged:
		if r := a.Recs[e.Rec-1]; r != 0 && r == a.Watched {
			x.strict("a live owner is judged dead")
		}
	case Trouble:
		x.strict("%s", e.Text)
	}
}

// strict is wrong unless only harm counts.
func (x *stepper) strict(format string, args ...any) {
	if !x.harm {
		x.wrong(format, args...)
	}
}
