package reaper_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
)

// mostStops bounds the schedules: a whole take or break makes fewer calls,
// unless it looks again and again at somebody who is stopped.
const mostStops = 26

// oneIn says how many of the schedules are left out: of all of them, unless
// FILELOCK_TEST_FULL is set, every fourth one takes ten seconds. Under Wine each
// call goes to a server and back, and a schedule lasts a second: there is just a
// sample, with the same players and scenes.
func oneIn() int {
	switch {
	case emulation.Wine():
		return 401
	case os.Getenv("FILELOCK_TEST_FULL") != "":
		return 1
	case emulation.Qemu(): // where every call is slow
		return 64
	case testing.Short():
		return 16
	}
	return 4
}

// A dead lock is broken while others do the same, take it, release it: at no
// moment is the file of a live lock removed, and nobody is let in beside an
// owner. One player is stopped before each of its calls, another before each
// of its own, then the first goes on to its end, and then the other.
func TestNoInterleavingRemovesALiveLock(t *testing.T) {
	dead := ended(t)
	firsts := []part{breaks, reaps, takes, takesAndReleases, grants, grantsAndRevokes, takesHard}
	seconds := []part{takes, takesAndReleases, grants, breaks, looks, takesHard}
	for _, scene := range scenes {
		t.Run(scene.name, func(t *testing.T) {
			t.Parallel()
			dir, schedules := quickDir(t), 0
			at, few := 0, 0
			if oneIn() > mostStops { // in many rows there is none
				few = 7
			}
			for _, first := range firsts {
				for _, second := range seconds {
					for i := range mostStops {
						more := false
						for j := range mostStops {
							if at++; (3*i+j+few*at)%oneIn() != 0 {
								more = more || few != 0
								continue
							}
							s := newStage(t, dir)
							scene.set(t, s.path, dead)
							a, b := newPlayer(), newPlayer()
							a.play(func() { first.do(s, a) })
							a.step(i)
							b.play(func() { second.do(s, b) })
							b.step(j)
							again := !b.over
							more = more || !a.over
							a.finish()
							b.finish()
							schedules++
							s.end(fmt.Sprintf("one %s, stopped before call %d; another %s, stopped before call %d", first.name, i+1, second.name, j+1))
							if !again {
								break
							}
						}
						if !more {
							break
						}
					}
				}
			}
			t.Logf("%d schedules", schedules)
		})
	}
}

// Three players in an order that was drawn; the seed is part of the message.
func TestNoDrawnScheduleRemovesALiveLock(t *testing.T) {
	dead := ended(t)
	parts := []part{breaks, reaps, takes, takesAndReleases, grants, grantsAndRevokes, looks, takesHard}
	dir, seeds := quickDir(t), 16000/oneIn()
	for seed := range seeds {
		rnd := rand.New(rand.NewPCG(uint64(seed), 0))
		s := newStage(t, dir)
		scene := scenes[rnd.IntN(len(scenes))]
		scene.set(t, s.path, dead)
		var players []*player
		what := fmt.Sprintf("seed %d: %s", seed, scene.name)
		for range 3 {
			p, part := newPlayer(), parts[rnd.IntN(len(parts))]
			p.play(func() { part.do(s, p) })
			players = append(players, p)
			what += "; one " + part.name
		}
		for len(players) > 0 {
			i := rnd.IntN(len(players))
			players[i].step(1 + rnd.IntN(4))
			if players[i].over {
				players = append(players[:i], players[i+1:]...)
			}
		}
		s.end(what)
	}
}
