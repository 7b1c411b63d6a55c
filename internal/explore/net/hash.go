package net

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
)

var seed = maphash.MakeSeed()

// hashOf is the same for states that differ only in which of equal processes is
// which.
func (s *search) hashOf(st state) uint64 {
	if s.alike {
		n := len(s.cfg.Actors)
		for i := 1; i < n; i++ {
			for j := i; j > 0 && before(&st.act[j], &st.act[j-1]); j-- {
				st.swap(j, j-1)
			}
		}
		s.tidy(&st)
	}
	return s.sum(&st)
}

func before(a, b *actor) bool {
	switch {
	case a.node != b.node:
		return a.node < b.node
	case a.rounds != b.rounds:
		return a.rounds < b.rounds
	case a.dead != b.dead:
		return a.dead
	}
	return slices.Compare(a.slots[:], b.slots[:]) < 0
}

func (s *search) sum(st *state) uint64 {
	var room [256]byte
	b := append(room[:0], st.name[:]...)
	for i := range s.cfg.Actors {
		a := &st.act[i]
		b = binary.LittleEndian.AppendUint32(b, uint32(a.node))
		b = append(b, a.rounds, flag(a.dead))
		n := 0
		for n < slots && a.slots[n] != 0 {
			n++
		}
		b = append(append(b, byte(n)), a.slots[:n]...)
	}
	for i := 1; i < files; i++ {
		f := &st.file[i]
		if *f != (file{}) {
			b = append(b, byte(i), f.owner<<4|byte(f.form), f.age<<4|byte(f.kind), flag(f.late)<<2|flag(f.touched)<<1|flag(f.gone))
		}
	}
	b = append(b, 0xff, st.crashes<<4|st.pauses, st.losses<<4|st.stale, flag(st.spent), st.fence, st.fenced)
	return maphash.Bytes(seed, b)
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}
