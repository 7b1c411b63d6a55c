package explore

import "github.com/filelock-go/filelock/internal/simfs"

// private finds a process whose next call nobody else can notice and whose
// answer nobody else can change, so that its place in the schedule does not
// matter: it is made at once.
func (x *stepper) private(s *State) int {
	for p := range int(s.N) {
		a := &s.Act[p]
		n := x.node(s, p)
		if n == nil || a.Leaving || a.Half {
			continue
		}
		switch n.Op.Call {
		case Close:
			f := s.W.Open[p][n.Op.FD]
			if f.Lock == simfs.None && !x.model.Reuse || x.alone(s, p, f.Ino) && !x.model.Reuse {
				return p
			}
		case Fstat:
			if !n.Op.Sized || x.alone(s, p, s.W.Open[p][n.Op.FD].Ino) {
				return p
			}
		case Look:
			if r := a.Recs[n.Op.Rec-1]; !s.Recs[r].Alive || s.Crashes == 0 {
				return p
			}
		case Read:
			if n.Op.FD == movedFile {
				continue
			}
			f := s.W.Open[p][n.Op.FD]
			if x.alone(s, p, f.Ino) || x.settled(s, f.Ino) {
				return p
			}
		case Lock, Unlock:
			if x.alone(s, p, s.W.Open[p][n.Op.FD].Ino) {
				return p
			}
		case Hold, Leave, Ordered:
			return p
		}
	}
	return -1
}

// settled: the contents of the inode stay as they are, for a soft lock's
// record is written once, and there are no others.
func (x *stepper) settled(s *State, i simfs.Ino) bool {
	if x.hard || s.W.Data[i].Form != simfs.Whole {
		return false
	}
	for p := range int(s.N) {
		for fd, f := range s.W.Open[p] {
			if f.Ino == i && s.Act[p].Node >= 0 && x.node(s, p).mind.writable[fd] && s.Act[p].Inside == simfs.None {
				return false
			}
		}
	}
	return true
}

// alone: nobody else has the inode open, or ever can.
func (x *stepper) alone(s *State, p int, i simfs.Ino) bool {
	if s.W.Named == i {
		return false
	}
	for q := range s.W.Open {
		for _, f := range s.W.Open[q] {
			if q != p && f.Ino == i {
				return false
			}
		}
	}
	return true
}
