package explore

import (
	"slices"

	"github.com/filelock-go/filelock/internal/simfs"
)

// MaxActors is how many processes can play at once.
const MaxActors = 4

const (
	maxRecs = 24 // at most as many as there are inode numbers
	maxMet  = 6  // inodes, and records, that one program has in mind
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
	Act     [MaxActors]Actor
	N       uint8
	Crashes uint8 // that may still happen
	Crashed bool  // one happened
}

func (s *State) exists(i simfs.Ino) bool { return i != 0 && s.W.Exists(i) }

// met is the number in an actor's table of an inode or a record, 0 if it is new
// to it.
func met[T simfs.Ino | uint8](table *[maxMet]T, v T) int8 {
	if v == 0 {
		return 0
	}
	return int8(slices.Index(table[:], v) + 1)
}

// numbering gives new numbers in the order in which the old ones are come
// across, so that states that differ in the numbers only are one.
type numbering[T simfs.Ino | uint8] struct {
	now [simfs.Inodes]T // by the old
	was [simfs.Inodes]T // by the new
	n   T
}

func (m *numbering[T]) of(old T) T {
	if old == 0 {
		return 0
	}
	if m.now[old] == 0 {
		m.n++
		m.now[old], m.was[m.n] = m.n, old
	}
	return m.now[old]
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
	var inos numbering[simfs.Ino]
	var recs numbering[uint8]
	t.N, t.Crashes, t.Crashed = s.N, s.Crashes, s.Crashed
	t.W.Named = inos.of(s.W.Named)
	for p := range int(s.N) {
		for f, fd := range s.W.Open[p] {
			t.W.Open[p][f] = simfs.FD{Ino: inos.of(fd.Ino), Lock: fd.Lock}
		}
	}
	for p := range int(s.N) {
		t.W.Aside[p] = inos.of(s.W.Aside[p])
	}
	for i := simfs.Ino(1); i <= inos.n; i++ { // all that exist
		d := s.W.Data[inos.was[i]]
		t.W.Data[i] = simfs.Content{Form: d.Form, Rec: recs.of(d.Rec)}
	}
	for p := range int(s.N) {
		a, b := &s.Act[p], &t.Act[p]
		*b = *a
		for i := range a.Inos {
			b.Inos[i] = inos.of(a.Inos[i])
		}
		for i := range a.Recs {
			b.Recs[i] = recs.of(a.Recs[i])
		}
		b.Watched = recs.of(a.Watched)
	}
	for r := uint8(1); r <= recs.n; r++ {
		old := s.Recs[recs.was[r]]
		if !old.Alive {
			old.Actor = 0 // whose it was makes no difference
		}
		old.Ino = inos.of(old.Ino)
		t.Recs[r] = old
	}
	*s = t
	was.inos, was.recs = inos.was, recs.was
	return was
}

// renaming says what the actors, inodes and records of a tidy state were before.
type renaming struct {
	order [MaxActors]uint8
	inos  [simfs.Inodes]simfs.Ino
	recs  [simfs.Inodes]uint8
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

func (s *State) sort() (order [MaxActors]uint8) {
	n := int(s.N)
	var ranks [MaxActors]uint64
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
	var to [MaxActors]uint8
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
