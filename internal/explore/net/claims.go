package net

import (
	"errors"
	"fmt"

	"github.com/filelock-go/filelock/lock"
)

// owners says what is wrong with who takes himself for the owner.
func (s *search) owners(st *state) string {
	owners := 0
	rest := true
	for p := range s.cfg.Actors {
		if st.ended(p) {
			continue
		}
		rest = false
		a := s.at(st, p)
		if !a.inside || a.lock < 0 {
			continue
		}
		if t := st.act[p].slots[a.lock]; st.file[t].age < 2 && !st.file[t].gone {
			owners++
			if st.name[0] != t && !s.cfg.faulty() {
				return "the file of an owner is gone"
			}
		}
	}
	if owners > 1 {
		return "two owners at once"
	}
	if rest && !st.spent {
		for l, t := range st.name {
			if t != 0 {
				return nameOf(int8(l)) + " is left"
			}
		}
	}
	return ""
}

// afterAll: everybody is dead. A newcomer gets the lock, alone, and a janitor
// removes everything that lies about.
func (s *search) afterAll(st state) {
	for p := range s.cfg.Actors {
		st.act[p] = actor{node: -1, dead: true}
	}
	st.crashes, st.pauses, st.losses, st.stale, st.spent = 0, 0, 0, 0, true
	s.tidy(&st)
	if st.name == ([levels]uint8{}) {
		return
	}
	h := s.sum(&st)
	if s.replay == nil && s.seen[h] {
		return
	}
	s.seen[h] = true
	after := s.alone(st, "takes the lock", func(p *process) {
		p.phase = "lease"
		l := lock.NewSoft(path, lock.InHost(p.Host), lock.WithNetwork())
		for try := 0; ; try++ {
			err := l.TryLock()
			if err == nil {
				break
			}
			if !errors.Is(err, lock.ErrHeld) || try == 5 {
				s.fail("when all are dead a newcomer does not get the lock")
				return
			}
		}
		if err := l.Unlock(); err != nil {
			s.fail(fmt.Sprintf("when all are dead a newcomer does not release the lock: %v", err))
		}
	})
	if after.name[0] != 0 && s.why == "" {
		s.fail("a newcomer leaves the lock")
	}
	after = s.alone(st, "reaps", func(p *process) {
		p.phase = "reap"
		for range 2 {
			p.reaps(path)
		}
	})
	for l, t := range after.name[:swept+1] {
		if t != 0 && s.why == "" {
			s.fail("when all are dead who reaps the lock does not remove " + nameOf(int8(l)))
		}
	}
	after = s.alone(st, "reaps the directory", func(p *process) {
		p.phase = walks
		for range 2 {
			p.reaps(dirPath)
		}
	})
	if after.name[0] != 0 && st.file[st.name[0]].form == whole || [levels - 1]uint8(after.name[1:]) != ([levels - 1]uint8{}) {
		s.fail("when all are dead who reaps the directory does not remove everything") // but an unfinished lock, which could be anything
	}
}

// swept is how many levels of guards are looked for when one lock is reaped.
const swept = 3

// alone runs a process that has time, with nobody else there. It does not stop
// and what it does is not gone through step by step.
func (s *search) alone(st state, what string, run func(*process)) state {
	if s.why != "" {
		return st
	}
	p := newProcess(s.cfg)
	p.live = func(a asked, keep []int8, cut bool) (ans answer) {
		if cut {
			st.act[janitor].keep(keep)
		}
		if a.op == bad {
			s.fail("when all are dead, who " + what + ": " + a.text)
			return answer{}
		}
		var next state
		got := false
		emit := s.emit
		s.emit = func(n state, r answer) {
			if !got { // the first: nothing fails, and he is quick
				next, ans, got = n, r, true
			}
		}
		s.step(st, janitor, &a)
		s.emit = emit
		s.tidy(&next)
		st = next
		return ans
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run(p)
	}()
	<-ended
	return st
}
