package explore

import (
	"fmt"

	"github.com/filelock-go/filelock/internal/simfs"
)

// atRest checks a state in which nobody does anything any more: no descriptor
// is open, and the only file that may lie there is a hard lock's, or that of a
// process that was killed.
func (s *search) atRest(st *State) {
	for p := range int(st.N) {
		if st.Act[p].Node >= 0 {
			s.fail(s.current, "nobody can do anything")
			return
		}
	}
	if st.W.Named == 0 || st.Crashed || s.model.Lossy || s.harm {
		return
	}
	for _, p := range s.cfg.Actors {
		if p.Hard {
			return
		}
	}
	s.fail(s.current, "a lock file is left")
}

// restKey is what a fresh contender finds when everybody is dead.
type restKey struct {
	form  simfs.Form
	attr  Attr
	right bool // the record names this very inode
}

// judgeRest checks that a fresh contender gets the lock in a state when
// everybody else is killed: what is left is then the file alone.
func (s *search) judgeRest(st *State) {
	if st.W.Named == 0 {
		return
	}
	d := st.W.Data[st.W.Named]
	k := restKey{form: d.Form}
	if d.Rec != 0 {
		k.attr, k.right = st.Recs[d.Rec].Attr, st.Recs[d.Rec].Ino == st.W.Named
	}
	if s.model.Containers && k.attr&Kernel == 0 && k.attr&Hard == 0 && d.Form == simfs.Whole {
		return // whether such an owner lives can only be told in its container
	}
	ok, known := s.rest[k]
	if !known {
		ok = s.gets(st)
		s.rest[k] = ok
	}
	if !ok {
		s.fail(s.current, fmt.Sprintf("wedged: once everybody is dead, a fresh contender does not get the lock (it finds %+v)", k))
	}
}

// gets lets a contender loose, alone, on what the dead have left.
func (s *search) gets(st *State) bool {
	var t State
	t.N = 1
	t.W.Named, t.W.Data[1] = 1, st.W.Data[st.W.Named]
	if r := t.W.Data[1].Rec; r != 0 {
		t.W.Data[1].Rec = 1
		t.Recs[1] = st.Recs[r]
		t.Recs[1].Alive, t.Recs[1].Owned, t.Recs[1].Actor = false, false, 0
		if t.Recs[1].Ino == st.W.Named {
			t.Recs[1].Ino = 1
		} else {
			t.Recs[1].Ino = 2
		}
	}
	model := *s.model
	model.Lossy = false
	x := stepper{model: &model, minds: []*Mind{newMind(ProgramNamed("try"), &model)}, harm: true}
	t.Act[0] = Actor{Rounds: 1, Node: x.minds[0].root.ID}
	for range 1000 {
		if t.Act[0].Inside != simfs.None {
			return true
		}
		if t.Act[0].Node < 0 {
			return false
		}
		var next State
		x.yield = func(n *State, m Move) { next = *n } // alone, there is one way to go on
		x.moves(&t)
		t = next
	}
	return false
}
