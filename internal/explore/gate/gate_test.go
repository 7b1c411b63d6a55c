package gate

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
)

// Everything that two and three processes can do at the gate.
func TestNoScheduleGoesWrong(t *testing.T) {
	for _, c := range Sets["short"]() {
		r, err := c.Run(context.Background())
		if err != nil || r.Wrong != "" {
			t.Errorf("%s: %v %s\n%s", c, err, r.Wrong, strings.Join(r.Path, "\n"))
		}
	}
}

// What a program heard before it opened the gate does not matter: with all of
// its past it does what the tree says that knows only what came after.
func TestHeadsForgetNothingThatMatters(t *testing.T) {
	for _, p := range Programs {
		for seed := range uint64(200) {
			rnd, tree := rand.New(rand.NewPCG(seed, 3)), newTree(p)
			var past []answer
			for e := tree.root; ; {
				n := tree.nodes[e.node]
				run := p.play(past)
				if run.asked.op != n.op || run.asked.turn != e.turn {
					t.Fatalf("%s, seed %d: after %v it %s, and not %s", p.Name, seed, past, run.asked.op, n.op)
				}
				if n.op == done || len(past) > 100 {
					break
				}
				may := answersTo[n.op]
				a := ok
				if len(may) > 0 {
					a = may[rnd.IntN(len(may))]
				}
				past = append(past, a)
				e = tree.next(n, a)
			}
		}
	}
}

// answersTo are what may come of a call, if it is more than ok.
var answersTo = map[op][]answer{
	orderShared: {ok, refused}, orderExclusive: {ok, refused}, tryGate: {ok, refused}, tryLock: {ok, refused},
	lstatGate: {ok, missing, other}, unlinkGate: {ok, missing}, hasGate: {ok, missing}, choose: {ok, ok, first, second},
}
