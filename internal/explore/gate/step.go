package gate

// moves makes every step that can be made from a state.
func (s *search) moves(st state) {
	for p := range st.act {
		a := &st.act[p]
		if a.node < 0 {
			continue
		}
		s.step(st, p)
		if st.crashes > 0 && (a.file != 0 || a.has) {
			s.kill(st, p)
		}
	}
}

func (s *search) kill(st state, p int) {
	st.crashes--
	st.crashed = st.named != 0
	rounds := st.act[p].rounds
	st.act[p] = actor{node: -1}
	if s.cfg.Restart {
		st.act[p].rounds = rounds
		s.arrive(&st, p, s.trees[p].root)
	}
	s.reached(st, name(p)+" is killed", true)
}

// step makes the next call of a process, with everything that may come of it.
func (s *search) step(st state, p int) {
	a := &st.act[p]
	n := s.trees[p].nodes[a.node]
	end := func(st state, ans answer) {
		e := s.trees[p].next(n, ans)
		move := name(p) + " " + n.op.String()
		if ans != ok {
			move += ": " + answerNames[ans]
		}
		s.arrive(&st, p, e)
		if why := s.wrong(&st); why != "" {
			s.fail(s.current, move, "%s", why)
			return
		}
		s.reached(st, move, false)
	}
	switch n.op {
	case openGate:
		if st.named == 0 {
			st.named = fresh(&st)
		}
		a.file, st.crashed = st.named, false // who opens it now will remove it, if he lives
		end(st, ok)
	case orderShared, orderExclusive:
		want := shared
		if n.op == orderExclusive {
			want = exclusive
		}
		for q := range st.act {
			if b := &st.act[q]; q != p && b.file == a.file && (b.order == exclusive || b.order == shared && want == exclusive) {
				end(st, refused)
				return
			}
		}
		a.order = want
		end(st, ok)
	case orderUnlock:
		a.order = none
		end(st, ok)
	case lockGate, tryGate:
		for q := range st.act {
			if b := &st.act[q]; q != p && b.file == a.file && b.lock {
				if n.op == tryGate {
					end(st, refused)
				}
				return
			}
		}
		a.lock = true
		end(st, ok)
	case unlockGate:
		a.lock = false
		end(st, ok)
	case closeGate:
		a.file, a.lock, a.order = 0, false, none
		end(st, ok)
	case lstatGate:
		switch st.named {
		case 0:
			end(st, missing)
		case a.file:
			end(st, ok)
		default:
			end(st, other)
		}
	case unlinkGate:
		if st.named == 0 {
			end(st, missing)
			return
		}
		if why := s.unlinks(&st, p); why != "" {
			s.fail(s.current, name(p)+" "+n.op.String(), "%s", why)
			return
		}
		st.named, st.crashed = 0, false
		end(st, ok)
	case rmGate:
		st.named, st.crashed = 0, false
		end(st, ok)
	case hasGate:
		if st.named == 0 {
			end(st, missing)
		} else {
			end(st, ok)
		}
	case takeLock, tryLock:
		for q := range st.act {
			if st.act[q].has {
				if n.op == tryLock {
					end(st, refused)
				}
				return
			}
		}
		a.has = true
		end(st, ok)
	case releaseLock:
		a.has = false
		end(st, ok)
	case choose:
		for _, ans := range []answer{ok, first, second} {
			end(st, ans)
		}
	default:
		panic("gate: " + n.op.String() + " is no step")
	}
}

// fresh is the number of a new inode.
func fresh(st *state) uint8 {
	var used [most + 2]bool
	for _, a := range st.act {
		used[a.file] = true
	}
	i := uint8(1)
	for used[i] {
		i++
	}
	return i
}

// unlinks: who removes the gate has the lock that says so, and nobody waits at
// it or has it.
func (s *search) unlinks(st *state, p int) string {
	a := &st.act[p]
	if s.disturbed {
		return ""
	}
	if a.file != st.named || orders && a.order != exclusive || !orders && !a.lock {
		return "somebody removes a gate that is not his"
	}
	if !orders {
		return "" // who waits finds it gone, and comes back
	}
	for q := range st.act {
		if q != p && s.waitsAt(st, q) {
			return "a gate is removed at which another waits"
		}
	}
	return ""
}

// waitsAt: the process is blocked at the gate that has the name, or about to be.
func (s *search) waitsAt(st *state, q int) bool {
	b := &st.act[q]
	return b.node >= 0 && b.file == st.named && (b.lock && b.order != none || s.trees[q].nodes[b.node].op == lockGate)
}

// wrong: two are the next at once.
func (s *search) wrong(st *state) string {
	if s.open {
		return "a program has ended with the gate open"
	}
	turns := 0
	for p := range st.act {
		if st.act[p].turn {
			turns++
		}
	}
	if turns > 1 && !s.disturbed {
		return "two are through the gate at once"
	}
	return ""
}

// arrive puts a process where an edge leads.
func (s *search) arrive(st *state, p int, e edge) {
	a := &st.act[p]
	a.node, a.turn = e.node, e.turn
	if s.trees[p].nodes[e.node].op != done {
		return
	}
	if a.file != 0 || a.has {
		s.open = true
	}
	a.rounds--
	if a.rounds == 0 {
		*a = actor{node: -1}
		return
	}
	*a = actor{rounds: a.rounds}
	s.arrive(st, p, s.trees[p].root)
}
