package explore

// graph is which state leads to which, but for kills.
type graph struct {
	from, to []uint32
}

func (g *graph) add(from, to uint32, kill bool) {
	if !kill && from != to {
		g.from, g.to = append(g.from, from), append(g.to, to)
	}
}

// stuck looks for a state from which, whoever goes on and however, not
// everybody can finish any more unless somebody is killed: a deadlock, or a
// circle without a way out.
func (s *search) stuck() {
	n := len(s.parent)
	g := s.edges
	// The edges into each state, in one array.
	start := make([]uint32, n+1)
	for _, t := range g.to {
		start[t+1]++
	}
	for i := range n {
		start[i+1] += start[i]
	}
	into := make([]uint32, len(g.to))
	at := append([]uint32(nil), start...)
	leads := make([]bool, n)
	for i, t := range g.to {
		into[at[t]] = g.from[i]
		at[t]++
		leads[g.from[i]] = true
	}
	good := make([]bool, n)
	var todo []uint32
	for i := range n {
		if !leads[i] { // at rest: atRest has seen that all have finished
			good[i] = true
			todo = append(todo, uint32(i))
		}
	}
	for len(todo) > 0 {
		t := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, f := range into[start[t]:start[t+1]] {
			if !good[f] {
				good[f] = true
				todo = append(todo, f)
			}
		}
	}
	for i := range n {
		if !good[i] {
			s.fail(uint32(i), "stuck: from here on not everybody can finish")
			return
		}
	}
}
