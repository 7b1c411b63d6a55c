package explore

import (
	"github.com/filelock-go/filelock/internal/simfs"
)

// MaxActors is how many processes can play at once.
const MaxActors = 4

const (
	maxActors = MaxActors
	maxRecs   = 24
	maxMet    = 6 // inodes, and records, that one program has in mind
)

// Record is a record that was written. Its Attr is never zero.
type Record struct {
	Actor uint8
	Attr  Attr
	Ino   simfs.Ino // that it names
	Alive bool      // the process that wrote it lives
	Owned bool      // and has not begun to let go
}

// Actor is a process that runs a program for a number of rounds. One that is
// killed begins again as a new process.
type Actor struct {
	Node    int32 // in the program's Mind; -1 when it has ended
	Prog    uint8
	Rounds  uint8
	Half    bool // in the middle of a write
	Inside  simfs.Mode
	Leaving bool  // Inside ends with the next call
	Watched uint8 // the record whose owner was inside when the present look began, and has been since
	Inos    [maxMet]simfs.Ino
	Recs    [maxMet]uint8
}

// State is everything at one moment.
type State struct {
	W       simfs.World
	Recs    [maxRecs]Record // from 1
	Act     [maxActors]Actor
	N       uint8
	Crashes uint8 // that may still happen
	Crashed bool  // one happened
}

func (s *State) exists(i simfs.Ino) bool { return i != 0 && s.W.Exists(i) }

// met is the actor's number for an inode, 0 if it is new to it.
func (a *Actor) met(i simfs.Ino) int8 {
	for n, j := range a.Inos {
		if i != 0 && i == j {
			return int8(n + 1)
		}
	}
	return 0
}

func (a *Actor) metRec(r uint8) int8 {
	for n, q := range a.Recs {
		if r != 0 && r == q {
			return int8(n + 1)
		}
	}
	return 0
}

// numberer gives inodes and records new numbers in the order in which they are
// come across, so that states that differ in the numbers only are one.
type numberer struct {
	s    *State
	inos [simfs.Inodes]simfs.Ino // new numbers by old
	recs [maxRecs]uint8
	nIno simfs.Ino
	nRec uint8
	oldI [simfs.Inodes]simfs.Ino // old numbers by new
	oldR [maxRecs]uint8
}

func (n *numberer) ino(i simfs.Ino) simfs.Ino {
	if i == 0 {
		return 0
	}
	if n.inos[i] == 0 {
		n.nIno++
		n.inos[i] = n.nIno
		n.oldI[n.nIno] = i
	}
	return n.inos[i]
}

func (n *numberer) rec(r uint8) uint8 {
	if r == 0 {
		return 0
	}
	if n.recs[r] == 0 {
		n.nRec++
		n.recs[r] = n.nRec
		n.oldR[n.nRec] = r
	}
	return n.recs[r]
}

// tidy puts a state into its normal form: actors that could change places are
// ordered, numbers are given in the order of meeting, and what nobody can ever
// meet again is forgotten.
func (s *State) tidy(m *Model) (was renaming) {
	was.order = s.sort()
	var exists [simfs.Inodes]bool
	exists[s.W.Named] = true
	for p := range s.W.Open {
		for _, f := range s.W.Open[p] {
			exists[f.Ino] = true
		}
		exists[s.W.Aside[p]] = true
	}
	if !m.Reuse {
		s.forget(&exists)
	}
	var t State
	n := numberer{s: s}
	t.N, t.Crashes, t.Crashed = s.N, s.Crashes, s.Crashed
	t.W.Named = n.ino(s.W.Named)
	for p := range int(s.N) {
		for f, fd := range s.W.Open[p] {
			t.W.Open[p][f] = simfs.FD{Ino: n.ino(fd.Ino), Lock: fd.Lock}
		}
	}
	for p := range int(s.N) {
		t.W.Aside[p] = n.ino(s.W.Aside[p])
	}
	for i := simfs.Ino(1); i <= n.nIno; i++ { // all that exist
		d := s.W.Data[n.oldI[i]]
		t.W.Data[i] = simfs.Content{Form: d.Form, Rec: n.rec(d.Rec)}
	}
	for p := range int(s.N) {
		a, b := &s.Act[p], &t.Act[p]
		*b = *a
		for i := range a.Inos {
			b.Inos[i] = n.ino(a.Inos[i])
		}
		for i := range a.Recs {
			b.Recs[i] = n.rec(a.Recs[i])
		}
		b.Watched = n.rec(a.Watched)
	}
	for r := uint8(1); r <= n.nRec; r++ {
		old := s.Recs[n.oldR[r]]
		if !old.Alive {
			old.Actor = 0 // whose it was makes no difference
		}
		old.Ino = n.ino(old.Ino)
		t.Recs[r] = old
	}
	*s = t
	was.inos, was.recs = n.oldI, n.oldR
	return was
}

// renaming says what the actors, inodes and records of a tidy state were before.
type renaming struct {
	order [maxActors]uint8
	inos  [simfs.Inodes]simfs.Ino
	recs  [maxRecs]uint8
}

// forget drops the numbers of inodes that are gone where no other file ever
// gets them, unless a record that can be read names them.
func (s *State) forget(exists *[simfs.Inodes]bool) {
	named := *exists
	for i := range exists {
		if exists[i] && i != 0 {
			if r := s.W.Data[i].Rec; r != 0 {
				named[s.Recs[r].Ino] = true
			}
		}
	}
	for p := range int(s.N) {
		a := &s.Act[p]
		for _, r := range a.Recs {
			if r != 0 {
				named[s.Recs[r].Ino] = true
			}
		}
	}
	onDisk := [maxRecs]bool{}
	for i, is := range exists {
		onDisk[s.W.Data[i].Rec] = onDisk[s.W.Data[i].Rec] || is && i != 0
	}
	for p := range int(s.N) {
		a := &s.Act[p]
		for i, r := range a.Recs {
			if !s.Recs[r].Alive && !onDisk[r] {
				a.Recs[i] = 0 // nobody reads it again, and its owner stays dead
			}
		}
		for i, ino := range a.Inos {
			if !named[ino] {
				a.Inos[i] = 0
			}
		}
	}
}

// rank orders actors by what does not depend on any numbering.
func (s *State) rank(p int) uint64 {
	a := &s.Act[p]
	r := uint64(a.Prog)<<56 | uint64(a.Rounds)<<52 | uint64(uint32(a.Node)&0xffffff)<<24
	for f, fd := range s.W.Open[p] {
		v := uint64(fd.Lock)
		if fd.Ino != 0 {
			v |= 4
			if fd.Ino == s.W.Named {
				v |= 8
			}
		}
		r |= v << (4 * f)
	}
	r |= uint64(a.Inside) << 8
	if a.Half {
		r |= 1 << 10
	}
	if a.Leaving {
		r |= 1 << 11
	}
	if d := s.W.Data[s.W.Named]; s.W.Named != 0 && d.Rec != 0 && s.Recs[d.Rec].Actor == uint8(p) {
		r |= 1 << 12
	}
	for i, ino := range a.Inos[:4] {
		if ino != 0 {
			r |= 1 << (13 + i)
			if ino == s.W.Named {
				r |= 1 << (17 + i)
			}
		}
	}
	return r
}

func (s *State) sort() (order [maxActors]uint8) {
	n := int(s.N)
	var ranks [maxActors]uint64
	sorted := true
	for p := range n {
		order[p] = uint8(p)
		ranks[p] = s.rank(p)
		if p > 0 && ranks[p] < ranks[p-1] {
			sorted = false
		}
	}
	if sorted {
		return order
	}
	for i := 1; i < n; i++ {
		for j := i; j > 0 && ranks[order[j]] < ranks[order[j-1]]; j-- {
			order[j], order[j-1] = order[j-1], order[j]
		}
	}
	act, open, aside := s.Act, s.W.Open, s.W.Aside
	var to [maxActors]uint8
	for i := range n {
		s.Act[i], s.W.Open[i], s.W.Aside[i] = act[order[i]], open[order[i]], aside[order[i]]
		to[order[i]] = uint8(i)
	}
	for r := range s.Recs {
		if s.Recs[r] != (Record{}) {
			s.Recs[r].Actor = to[s.Recs[r].Actor]
		}
	}
	return order
}
