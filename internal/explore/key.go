package explore

import "github.com/filelock-go/filelock/internal/simfs"

// key writes the state down, tidy as it is; restore reads it.
func (s *State) key(b []byte) []byte {
	flags := s.Crashes << 1
	if s.Crashed {
		flags |= 1
	}
	b = append(b, s.N, flags, byte(s.W.Named))
	for p := range int(s.N) {
		a := &s.Act[p]
		b = append(b, byte(a.Node), byte(a.Node>>8), byte(a.Node>>16), a.Prog, a.Rounds, bits(a.Half, a.Leaving)|byte(a.Inside)<<2, a.Watched, byte(s.W.Aside[p]))
		for _, f := range s.W.Open[p] {
			b = append(b, byte(f.Ino)|byte(f.Lock)<<6)
		}
		b = appendMet(b, a.Inos[:])
		b = appendMet(b, a.Recs[:])
	}
	var most simfs.Ino
	b = append(b, 0)
	at := len(b) - 1
	for i := simfs.Ino(1); i < simfs.Inodes && s.exists(i); i++ {
		b = append(b, byte(s.W.Data[i].Form)|s.W.Data[i].Rec<<2)
		most = i
	}
	b[at] = byte(most)
	for r := 1; r < maxRecs && s.Recs[r] != (Record{}); r++ {
		q := &s.Recs[r]
		b = append(b, q.Actor|byte(q.Attr)<<3, byte(q.Ino)|bits(q.Alive, q.Owned)<<6)
	}
	return b
}

func bits(x, y bool) (b byte) {
	if x {
		b |= 1
	}
	if y {
		b |= 2
	}
	return b
}

// appendMet leaves out the zeros at the end.
func appendMet[T ~uint8](b []byte, table []T) []byte {
	n := len(table)
	for n > 0 && table[n-1] == 0 {
		n--
	}
	b = append(b, byte(n))
	for _, v := range table[:n] {
		b = append(b, byte(v))
	}
	return b
}

func restore(b []byte) (s State) {
	take := func() byte { v := b[0]; b = b[1:]; return v }
	s.N = take()
	flags := take()
	s.Crashes, s.Crashed = flags>>1, flags&1 != 0
	s.W.Named = simfs.Ino(take())
	for p := range int(s.N) {
		a := &s.Act[p]
		n := uint32(take()) | uint32(take())<<8 | uint32(take())<<16
		a.Node = int32(n<<8) >> 8
		a.Prog, a.Rounds = take(), take()
		f := take()
		a.Half, a.Leaving, a.Inside = f&1 != 0, f&2 != 0, simfs.Mode(f>>2)
		a.Watched, s.W.Aside[p] = take(), simfs.Ino(take())
		for i := range s.W.Open[p] {
			v := take()
			s.W.Open[p][i] = simfs.FD{Ino: simfs.Ino(v & 63), Lock: simfs.Mode(v >> 6)}
		}
		for i := range int(take()) {
			a.Inos[i] = simfs.Ino(take())
		}
		for i := range int(take()) {
			a.Recs[i] = take()
		}
	}
	for i := range int(take()) {
		v := take()
		s.W.Data[i+1] = simfs.Content{Form: simfs.Form(v & 3), Rec: v >> 2}
	}
	for r := 1; len(b) > 0; r++ {
		v, w := take(), take()
		s.Recs[r] = Record{Actor: v & 7, Attr: Attr(v >> 3), Ino: simfs.Ino(w & 63), Alive: w&64 != 0, Owned: w&128 != 0}
	}
	return s
}
