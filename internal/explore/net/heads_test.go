package net

import (
	"math/rand/v2"
	"testing"
)

// What a program heard before the head of a loop does not matter: with all of its
// past it does what the tree says that knows only what came after. The world is
// played by the search's own steps, with others who do anything.
func TestHeadsForgetNothingThatMatters(t *testing.T) {
	for _, names := range []string{"lease lease reap", "waits lease break", "fenced lease lease", "grant endless lease", "reap grant break"} {
		for seed := range uint64(6) {
			c := &Config{Actors: Named(names), Hosts: "aab", Rounds: 3, Crashes: 1, Pauses: 4, Losses: 2, Stale: 2, Halves: true, Touch: true}
			for _, p := range c.Actors {
				if p.near {
					c.Hosts = "aaa"
				}
			}
			played(t, c, rand.New(rand.NewPCG(seed, 5)))
		}
	}
}

func played(t *testing.T, c *Config, rnd *rand.Rand) {
	s, err := c.search()
	if err != nil {
		t.Fatal(err)
	}
	type way struct {
		st   state
		past [most][]answer
	}
	at := way{st: s.first}
	for range 250 {
		var ways []way
		past := at.past
		s.heard = &past
		s.replay = func(next state, _ string) { ways = append(ways, way{next, past}) }
		s.moves(at.st)
		if len(ways) == 0 || s.why != "" {
			return
		}
		at = ways[rnd.IntN(len(ways))]
		for p, prog := range c.Actors {
			if at.st.ended(p) {
				continue
			}
			run, want := prog.play(c, at.past[p]), s.at(&at.st, p)
			got := run.asked
			if got.op != want.op || got.level != want.level || got.slot != want.slot || got.judged != want.judged || got.inside != want.inside {
				t.Fatalf("%s, after %d answers, the last %v: it asks %+v, and not %+v", prog.Name, len(at.past[p]), at.past[p][max(0, len(at.past[p])-6):], got, *want)
			}
		}
	}
}
