package reaper_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/lock"
)

// mostNetStops bounds the schedules over a network, where breaking takes more
// calls.
const mostNetStops = 90

// What nobody alive holds is broken over a network by two machines, in all the
// ways one can be stopped before each of its calls and the other before each of
// its own, with guards that others left in their way: nobody is let in beside an
// owner, and no owner's file is removed.
func TestNoInterleavingOverANetworkRemovesALiveLock(t *testing.T) {
	parts := []netPart{netTakes, netTakesAndReleases, netBreaks, netReaps}
	for _, scene := range netScenes {
		t.Run(scene.name, func(t *testing.T) {
			t.Parallel()
			dir, schedules := quickDir(t), 0
			for _, first := range parts {
				for _, second := range parts {
					for i := range mostNetStops {
						more := false
						for j := range mostNetStops {
							if (5*i+j)%(8*oneIn()) != 0 {
								continue
							}
							s, a, b := newNetStage(t, dir, scene.set)
							a.play(func() { first.do(s, a) })
							a.step(i)
							b.play(func() { second.do(s, b) })
							b.step(j)
							again := !b.over
							more = more || !a.over
							a.finish()
							b.finish()
							schedules++
							s.end(t, fmt.Sprintf("one %s, stopped before call %d; another %s, stopped before call %d", first.name, i+1, second.name, j+1))
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

// A machine is stopped before each of its calls, and its lease and its guard's
// run out; another goes on until it has the lock; then the first wakes up.
func TestAMachineThatWakesUpLateRemovesNothing(t *testing.T) {
	for _, scene := range netScenes {
		t.Run(scene.name, func(t *testing.T) {
			t.Parallel()
			dir := quickDir(t)
			for _, first := range []netPart{netTakes, netTakesAndReleases, netBreaks, netReaps} {
				for i := range mostNetStops {
					if emulation.Qemu() && i%8 != 0 {
						continue // every call is slow
					}
					for _, pause := range []time.Duration{0, 20 * time.Second, 40 * time.Second, 10 * time.Minute} {
						s, a, b := newNetStage(t, dir, scene.set)
						a.play(func() { first.do(s, a) })
						a.step(i)
						over, what := a.over, fmt.Sprintf("one %s, stopped before call %d (%s) for %s and more", first.name, i+1, a.call, pause)
						if !a.late() {
							s.now += pause
							b.free = true
							netTakesAtLast.do(s, b)
						}
						a.finish()
						s.end(t, what)
						if over {
							i = mostNetStops
							break
						}
					}
					if i == mostNetStops {
						break
					}
				}
			}
		})
	}
}

// Three machines in an order that was drawn, with pauses.
func TestNoDrawnScheduleOverANetworkRemovesALiveLock(t *testing.T) {
	parts := []netPart{netTakes, netTakesAndReleases, netBreaks, netReaps}
	dir, seeds := quickDir(t), 4000/oneIn()
	for seed := range seeds {
		rnd := rand.New(rand.NewPCG(uint64(seed), 1))
		scene := netScenes[rnd.IntN(len(netScenes))]
		s, a, b := newNetStage(t, dir, scene.set)
		c := s.machine(3)
		s.watch(t, c)
		var players []*player
		what := fmt.Sprintf("seed %d: %s", seed, scene.name)
		for _, p := range []*player{a, b, c} {
			part := parts[rnd.IntN(len(parts))]
			p.play(func() { part.do(s, p) })
			players = append(players, p)
			what += "; one " + part.name
		}
		for len(players) > 0 {
			i := rnd.IntN(len(players))
			players[i].step(1 + rnd.IntN(6))
			if players[i].over {
				players = append(players[:i], players[i+1:]...)
			}
			late := false
			for _, p := range players {
				late = late || p.late()
			}
			if !late && rnd.IntN(8) == 0 {
				s.now += time.Duration(rnd.IntN(40)) * time.Second
			}
		}
		s.end(t, what)
	}
}

func newNetStage(t *testing.T, dir string, set func(t *testing.T, s *netStage)) (s *netStage, a, b *player) {
	s = &netStage{dir: dir, path: dir + "/job.lock", now: time.Hour, since: map[*lock.Soft]time.Duration{}}
	set(t, s)
	a, b = s.machine(1), s.machine(2)
	s.watch(t, a, b)
	return s, a, b
}
