package net

import "slices"

// wrong finds the way to the state in which something is wrong, and says it.
func (s *search) wrong() {
	s.result.Wrong = s.why
	var way []uint32
	for n := s.current; n > 0; n = s.parent[n] {
		way = append(way, n)
	}
	slices.Reverse(way)
	at := s.first
	for _, n := range way {
		found := false
		s.replay = func(st state, move string) {
			if !found && s.hashOf(st) == s.hash[n] {
				found = true
				at = st
				s.result.Path = append(s.result.Path, move)
			}
		}
		s.why = ""
		s.moves(at)
		if !found {
			panic("net: the way there is not found again")
		}
	}
	s.replay = nil
	s.visit(&at)
	if s.why != "" && s.move != "" {
		s.result.Path = append(s.result.Path, s.move)
	}
}

// stuck looks for a state from which, whoever goes on and however, not
// everybody can finish.
func (s *search) stuck() {
	n := len(s.parent)
	leads, good := make([]bool, n), make([]bool, n)
	head, next := make([]int32, n), make([]int32, len(s.to))
	for i := range head {
		head[i] = -1
	}
	for e, t := range s.to {
		next[e], head[t] = head[t], int32(e)
		leads[s.from[e]] = true
	}
	var todo []uint32
	for i := range leads {
		if !leads[i] {
			good[i] = true
			todo = append(todo, uint32(i))
		}
	}
	for len(todo) > 0 {
		t := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for e := head[t]; e >= 0; e = next[e] {
			if f := s.from[e]; !good[f] {
				good[f] = true
				todo = append(todo, f)
			}
		}
	}
	if i := slices.Index(good, false); i >= 0 {
		s.current, s.why, s.move = uint32(i), "stuck: from here on not everybody can finish", ""
		s.wrong()
	}
}
