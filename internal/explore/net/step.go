package net

import "fmt"

// stepper makes the steps of one process from one state.
type stepper struct {
	cfg   *Config
	trees [most]*tree
	// The outcomes of a question: emit gets each with the state that it leads to.
	emit func(state, answer)
	fail func(why string)
}

// at is what a process asks.
func (x *stepper) at(s *state, p int) *asked { return &x.trees[p].nodes[s.act[p].node].asked }

// live: the file is a lock that its owner has or is taking, or such a guard.
func (x *stepper) live(s *state, t uint8) bool {
	f := &s.file[t]
	q := int(f.owner)
	if q == janitor || s.ended(q) || f.gone {
		return false
	}
	a := x.at(s, q)
	return a.lock >= 0 && s.act[q].slots[a.lock] == t || a.guard >= 0 && s.act[q].slots[a.guard] == t
}

// overtake makes a file older. For what lives that costs a pause.
func (x *stepper) overtake(s *state, t uint8, age uint8) bool {
	f := &s.file[t]
	if f.age == 0 && x.live(s, t) {
		if s.pauses == 0 {
			return false
		}
		s.pauses--
		s.spent = true
	}
	f.age = max(f.age, age)
	return true
}

// settled: nobody can change what the file says any more.
func (x *stepper) settled(s *state, t uint8) bool {
	f := &s.file[t]
	return !x.live(s, t) && !x.cfg.Touch || f.form == whole && (!x.cfg.Touch || f.kind != leased || f.touched)
}

// private: nobody can notice the step or change what comes of it.
func (x *stepper) private(s *state, p int, a *asked) bool {
	switch a.op {
	case info, read:
		return x.settled(s, s.act[p].slots[a.slot])
	case look:
		return x.over(s, s.act[p].slots[a.slot])
	case watch:
		return !x.live(s, s.act[p].slots[a.slot])
	case let, lost, says:
		return true
	}
	return false
}

// over: the process that a record names has ended.
func (x *stepper) over(s *state, t uint8) bool {
	f := &s.file[t]
	return s.ended(int(f.owner)) || f.gone
}

// step answers the question of a process in every way.
func (x *stepper) step(s state, p int, a *asked) {
	act := &s.act[p]
	var t uint8 // the file that it is about
	if a.slot >= 0 {
		t = act.slots[a.slot]
	}
	named := &s.name[max(a.level, 0)]
	switch a.op {
	case create:
		if *named != 0 {
			x.emit(s, answer{what: exists})
			return
		}
		t := s.fresh()
		s.serials++
		s.file[t], *named = file{owner: uint8(p), kind: a.kind, serial: s.serials}, t
		before := s
		act.slots[a.n] = t
		x.emit(s, answer{})
		x.loses(before, 1)
	case open:
		if *named == 0 || s.stale > 0 {
			next := s
			if *named != 0 {
				next.stale--
				next.spent = true
			}
			x.emit(next, answer{what: missing})
		}
		if *named != 0 {
			i := s.slotOf(p, *named)
			if i < 0 {
				i = int(a.n)
				act.slots[i] = *named
			}
			x.emit(s, answer{slot: int8(i)})
		}
	case info:
		x.emit(s, answer{form: s.file[t].form, touched: s.file[t].touched})
	case read:
		x.emit(s, x.reads(&s, p, t))
	case lstat:
		switch {
		case *named != 0 && (*named == t || a.slot < 0):
			x.emit(s, answer{})
			return
		case *named == 0:
			x.emit(s, answer{what: missing})
		default:
			x.emit(s, answer{what: other})
		}
		if s.stale > 0 && a.slot >= 0 {
			s.stale--
			s.spent = true
			x.emit(s, answer{})
		}
	case write:
		f := &s.file[t]
		f.form = whole
		if f.age == 2 { // of the grace: of the lease it is half
			f.age, f.late = 1, true
		}
		x.emit(s, answer{})
		x.loses(s, 1)
	case sync:
		x.emit(s, answer{})
		x.loses(s, 1)
	case clock:
		x.looksAtClock(s, t, a)
	case watch:
		x.watches(s, t)
	case look:
		ans := answer{}
		if x.over(&s, t) {
			ans.what = over
		}
		x.emit(s, ans)
	case unlink:
		x.unlinks(s, p, a)
	case size:
		x.emit(s, answer{size: s.fence})
	case extend:
		s.fence = max(s.fence, a.number)
		x.emit(s, answer{})
		x.loses(s, 1)
	case hold:
		if a.number > 0 && s.file[act.slots[a.lock]].age < 2 {
			if a.number <= s.fenced {
				x.fail("two owners have one fence")
			}
			s.fenced = a.number
		}
		x.emit(s, answer{})
	case shell:
		x.emit(s, answer{})
		s.file[act.slots[a.lock]].gone = true
		x.emit(s, answer{what: over})
	case let:
		if s.name[0] == t {
			x.fail("a lock that was released is still there")
		}
		x.emit(s, answer{})
	case lost:
		switch {
		case x.cfg.faulty():
		case s.name[0] == t:
			x.fail("a lock that is lost is still there")
		case s.file[t].age < 2 && !s.file[t].gone:
			x.fail("a lock is lost before its time")
		}
		x.emit(s, answer{})
	case says:
		if s.file[t].age == 2 {
			x.fail("a lock whose lease is over is said to be held")
		}
		x.emit(s, answer{})
	case bad:
		x.fail(a.text)
	default:
		panic("net: " + a.op.String() + " is no step")
	}
}

// loses is a call that says that it failed, done or not.
func (x *stepper) loses(s state, n uint8) {
	if s.losses >= n {
		s.losses -= n
		s.spent = true
		x.emit(s, answer{what: failed})
	}
}

func (x *stepper) reads(s *state, p int, t uint8) answer {
	f := &s.file[t]
	a := answer{form: f.form}
	if f.form == whole {
		a.kind = f.kind
		switch q := int(f.owner); {
		case q == p:
			a.who = own
		case x.host(q) == x.host(p):
			a.who = near
		default:
			a.who = far
		}
	}
	return a
}

// host is where a process runs. The janitor has one of his own, unless only the
// others' can judge.
func (x *stepper) host(p int) byte {
	if p < len(x.cfg.Hosts) {
		return x.cfg.Hosts[p]
	}
	for _, a := range x.cfg.Actors {
		if a.near {
			return x.cfg.Hosts[0]
		}
	}
	return 0
}

// looksAtClock: how old is the own file?
func (x *stepper) looksAtClock(s state, t uint8, a *asked) {
	most := uint8(1)
	if a.wait && s.file[t].kind == leased {
		most = 2 // the lease may be over before anybody says so
	}
	for age := s.file[t].age; age <= max(most, s.file[t].age); age++ {
		next := s
		if age > 0 && !x.overtake(&next, t, age) {
			return
		}
		x.emit(next, answer{age: age})
	}
}

// watches: was the file seen unchanged for all of its time? With what nobody has
// any more an observer is as slow as he likes: when he finds that it is not yet
// over he goes back, and comes again later.
func (x *stepper) watches(s state, t uint8) {
	if x.live(&s, t) && s.file[t].age < 2 {
		x.emit(s, answer{})
	}
	if x.overtake(&s, t, 2) {
		x.emit(s, answer{what: over})
	}
}

func (x *stepper) unlinks(s state, p int, a *asked) {
	named := &s.name[a.level]
	t := *named
	if t == 0 {
		x.emit(s, answer{what: missing})
		return
	}
	if why := x.wrongly(&s, p, a, t); why != "" {
		x.fail(why)
	}
	x.loses(s, 1)
	*named = 0
	x.emit(s, answer{})
	x.loses(s, 1)
}

// wrongly says what is wrong with the removal of a file.
func (x *stepper) wrongly(s *state, p int, a *asked, t uint8) string {
	f := &s.file[t]
	q := int(f.owner)
	what := "lock"
	if a.level > 0 {
		what = "guard"
	}
	act := &s.act[p]
	switch i := s.slotOf(p, t); {
	case q != p && x.live(s, t) && f.age < 2 && (!f.late || x.at(s, q).inside):
		return fmt.Sprintf("the file of a live %s is removed", what)
	case p == janitor:
	case a.judged < 0 && (i < 0 || a.mine>>i&1 == 0):
		return fmt.Sprintf("a process takes another's %s for its own, and removes it", what)
	case a.judged >= 0 && (act.slots[a.judged] != t || a.changed):
		return fmt.Sprintf("another %s is removed than the one judged", what)
	}
	return ""
}
