package explore

import "github.com/filelock-go/filelock/internal/simfs"

// create makes the file, or finds it there.
func (x *stepper) create(op Op, open bool) {
	if x.next.W.Named != 0 {
		x.end(op, Answer{Outcome: Exists})
		return
	}
	for i, number := range x.numbers() {
		if i > 0 {
			x.begin()
		}
		x.next.W.Data[number] = simfs.Content{}
		fd, _ := x.next.W.Create(x.p, number)
		a := Answer{}
		if open {
			a.Ino = x.meet(number)
			a.Size = SizeEmpty
		}
		if x.model.Lossy {
			before := x.next
			x.noted(op, a, "")
			x.next = before
			x.next.W.Close(x.p, fd)
			x.noted(op, Answer{Outcome: Failed}, "though it was made")
			continue
		}
		x.end(op, a)
	}
}

// numbers are the inode numbers that a new file may get: one that nobody has
// ever seen, and, where numbers are reused, each that somebody remembers.
func (x *stepper) numbers() []simfs.Ino {
	s := &x.next
	var seen [simfs.Inodes]bool
	for p := range int(s.N) {
		for _, i := range s.Act[p].Inos {
			seen[i] = true
		}
	}
	for _, r := range s.Recs {
		seen[r.Ino] = true
	}
	var all []simfs.Ino
	fresh := false
	for i := simfs.Ino(1); i < simfs.Inodes; i++ {
		switch {
		case s.W.Exists(i):
		case seen[i]:
			if x.model.Reuse {
				all = append(all, i)
			}
		case !fresh:
			fresh = true
			all = append(all, i)
		}
	}
	if !fresh {
		panic("explore: there are no inode numbers left")
	}
	return all
}

func (x *stepper) open(op Op) {
	if _, ok := x.next.W.OpenFile(x.p); !ok {
		x.end(op, Answer{Outcome: Missing})
		return
	}
	a := Answer{}
	if op.Call == OpenFile {
		a.Ino = x.meet(x.next.W.Named)
		a.Size = SizeOther
	}
	if act := &x.next.Act[x.p]; op.Call == Open {
		act.Watched = 0
		for r := range x.next.Recs {
			if rec := &x.next.Recs[r]; rec.Owned && x.next.Act[rec.Actor].Inside != simfs.None && x.inspects() {
				act.Watched = uint8(r)
			}
		}
	}
	x.end(op, a)
}

// inspects: what the process says about owners is watched.
func (x *stepper) inspects() bool {
	return x.minds[x.next.Act[x.p].Prog].prog.Name == "inspect"
}

// meet gives the process a number for an inode.
func (x *stepper) meet(i simfs.Ino) int8 {
	a := &x.next.Act[x.p]
	if n := met(&a.Inos, i); n != 0 {
		return n
	}
	n := x.node(&x.next, x.p).inos
	a.Inos[n] = i
	return n + 1
}

func (x *stepper) info(op Op, i simfs.Ino) {
	a := Answer{Ino: x.meet(i)}
	if op.Sized {
		a.Size = x.size(i)
	}
	x.end(op, a)
}

func (x *stepper) size(i simfs.Ino) Size {
	d := x.next.W.Data[i]
	act := &x.next.Act[x.p]
	wrote := x.node(&x.next, x.p).mind.wroteRec
	switch {
	case d.Form == simfs.Empty:
		return SizeEmpty
	case wrote == 0 || d.Form != simfs.Whole:
	case d.Rec == act.Recs[wrote-1], x.model.Coarse && x.next.Recs[d.Rec].Attr&Hard != 0:
		return SizeOurs
	}
	return SizeOther
}

func (x *stepper) read(op Op) {
	var d simfs.Content
	if op.FD == movedFile {
		d = x.next.W.Data[x.next.W.Aside[x.p]]
	} else {
		d = x.next.W.Read(x.p, int(op.FD))
	}
	a := Answer{Content: d}
	if d.Form == simfs.Whole {
		act := &x.next.Act[x.p]
		n := met(&act.Recs, d.Rec)
		if n == 0 {
			node := x.node(&x.next, x.p)
			r := &x.next.Recs[d.Rec]
			n = node.recs + 1
			act.Recs[n-1] = d.Rec
			a.Attr = r.Attr
			switch {
			case r.Alive && int(r.Actor) == x.p:
				a.Attr |= Own
			case x.model.Containers:
				a.Attr |= Stranger
			}
			if r.Attr&Kernel != 0 {
				if a.RecIno = met(&act.Inos, r.Ino); a.RecIno == 0 {
					a.RecIno = Elsewhere
				}
			}
		}
		a.Content.Rec = uint8(n)
	}
	x.end(op, a)
}

// write is two steps, between which anything may happen. No reader of a real
// file finds more than readers do here: at each place there is an old byte or a
// new one, and the size is the old one, the new one or between them, which
// makes the old record, the new one, the beginning of the new one, or a
// mixture. That a record lies within a page is no protection: on ext4 and tmpfs
// a read takes no lock that a write has, and now and then gets such a mixture.
// A kill in between is more than a local kernel does to a write within a page,
// but what a power cut does.
func (x *stepper) write(op Op) {
	s := &x.next
	act := &s.Act[x.p]
	i := s.W.Open[x.p][op.FD].Ino
	if !act.Half {
		for n, half := range simfs.HalfWritten(s.W.Data[i]) {
			if n > 0 {
				x.begin()
			}
			if q := x.owner(i); q >= 0 {
				x.strict("a write into another's lock file")
			}
			act.Half = true
			s.W.Write(x.p, int(op.FD), half)
			x.yield(s, Move{Actor: uint8(x.p), N: x.n, op: op, note: halves[half.Form]})
			x.n++
		}
		return
	}
	act.Half = false
	r := uint8(1)
	for s.Recs[r] != (Record{}) {
		r++
	}
	rec := Record{Actor: uint8(x.p), Attr: op.Attr, Alive: true, Owned: op.Attr&Hard == 0}
	if op.Attr&Kernel != 0 {
		rec.Ino = act.Inos[op.Ino-1]
	}
	s.Recs[r] = rec
	act.Recs[op.Rec-1] = r
	c := simfs.Content{Form: simfs.Whole, Rec: r}
	if s.W.Data[i].Form == simfs.Mixed && op.Attr&Hard == 0 {
		c = simfs.Content{Form: simfs.Mixed} // a hard lock's makes room, a soft one's leaves an end of what was there
	}
	s.W.Write(x.p, int(op.FD), c)
	before := *s
	x.end(op, Answer{})
	if x.model.Lossy {
		*s = before
		s.Recs[r].Owned = false
		x.noted(op, Answer{Outcome: Failed}, "though it was written")
	}
}

// halves says what half of a write left.
var halves = [...]string{simfs.Torn: "its beginning", simfs.Mixed: "half of it"}

func (x *stepper) lock(op Op) {
	if x.next.W.TryLock(x.p, int(op.FD), op.Mode) {
		x.end(op, Answer{})
		return
	}
	act := &x.next.Act[x.p]
	mind := x.minds[act.Prog]
	node := mind.nodes[act.Node]
	before := x.next
	x.end(op, Answer{Outcome: Refused})
	again := mind.next(node, Answer{Outcome: Refused}).Node == node
	if again || node.mind.stage == takesHard {
		x.next = before
		if !again { // it opens the file each time anew
			x.next.W.Close(x.p, int(op.FD))
		}
		x.noted(op, Answer{Outcome: Tired}, "")
	}
}

func (x *stepper) list(op Op) {
	// A name that comes or goes while a directory is listed may be there or
	// not, and some filesystems list late.
	x.end(op, Answer{})
	x.begin()
	x.end(op, Answer{Outcome: Missing})
}

// owner is the process whose lock the inode is, -1 if there is none.
func (x *stepper) owner(i simfs.Ino) int {
	s := &x.next
	if d := s.W.Data[i]; d.Rec != 0 && s.Recs[d.Rec].Owned && int(s.Recs[d.Rec].Actor) != x.p {
		return int(s.Recs[d.Rec].Actor)
	}
	for q := range int(s.N) {
		if b := &s.Act[q]; q != x.p && b.Inside != simfs.None && !b.Leaving {
			for _, f := range s.W.Open[q] {
				if f.Ino == i && f.Lock != simfs.None {
					return q
				}
			}
		}
	}
	return -1
}

func (x *stepper) unlink(op Op) {
	s := &x.next
	i := s.W.Named
	if i == 0 {
		x.end(op, Answer{Outcome: Missing})
		return
	}
	mind := &x.node(s, x.p).mind
	act := &s.Act[x.p]
	switch {
	case x.owner(i) >= 0:
		x.strict("the file of a live lock is removed")
	case mind.removing:
		d := s.W.Data[i]
		same := mind.seen.Form != simfs.Whole && d.Form == mind.seen.Form || mind.seen.Form == simfs.Whole && d.Rec == act.Recs[mind.seen.Rec-1] ||
			unfinished(d) && unfinished(mind.seen)
		if act.Inos[mind.look-1] != i || !same {
			x.strict("another file is removed than the one judged")
		}
	case mind.stage == releasesSoft && !x.hasOpen(i):
		x.strict("an owner removes another file than its own")
	}
	s.W.Unlink()
	before := *s
	x.end(op, Answer{})
	if x.model.Lossy {
		*s = before
		x.noted(op, Answer{Outcome: Failed}, "though it is gone")
	}
}

func unfinished(c simfs.Content) bool { return c.Form == simfs.Empty || c.Form == simfs.Torn }

func (x *stepper) hasOpen(i simfs.Ino) bool {
	for _, f := range x.next.W.Open[x.p] {
		if f.Ino == i {
			return true
		}
	}
	return false
}
