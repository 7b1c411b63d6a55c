package explore

import "github.com/filelock-go/filelock/internal/simfs"

// stage is what a program is about.
type stage uint8

const (
	idle stage = iota
	takesSoft
	takesHard
	looks // judges, breaks, revokes
	holds
	releasesSoft
	releasesHard
)

// memory is what the code has in mind that may still matter, told from what it
// asked and heard. At the head of a loop it is all that is kept of the past:
// two runs that come to the same head with the same memory count as one. That
// the code really goes on in the same way is an assumption about it, which
// TestProgramsDoWhatTheirMindsSay checks.
type memory struct {
	stage stage
	round int8 // how many times the lock was taken

	mine       bool          // the record was written
	spares     bool          // it breaks nobody's lock, but may remove a file of its own
	created    bool          // of which there may be one
	unfinished int8          // the unfinished file that it spared once
	look       int8          // the inode of the present or last look
	seen       simfs.Content // what was read in it
	attrs      [maxMet]Attr  // of the records that it met
	confirmed  bool          // the look ended with a verdict to remove the file
	moved      bool          // the path named another file at its end
	removing   bool          // between the open and the close of a removal
	wrote      int8          // the inode into which this handle wrote last ...
	wroteRec   int8          // ... this record
	keeps      int8          // the record that is the program's own
	opened     int8          // which descriptors are open
	writable   [simfs.Files]bool
	inode      [simfs.Files]int8 // what they are of, as far as told
	listed     bool              // a directory was, and the next file opened
	peeked     bool              // is only to see whether it is a lock at all
	asked      bool              // Hold was
	long       bool
}

// begins: an attempt of its own, as each has a token of its own.
func (m *memory) begins() {
	if m.stage == takesSoft {
		m.mine, m.created, m.unfinished = false, false, 0
	}
}

// head is a place in a program, and what is kept there of the past: two runs
// that are at the same head go on alike.
type head struct {
	op      Op
	stage   stage
	round   int8
	peeked  bool
	created bool
	why     why
	form    simfs.Form // of what was judged
	attr    Attr
	inos    [4]int8 // which of those kept are the same
	recs    [3]int8
}

// why a file is closed.
type why uint8

const (
	givesWay why = iota // to whoever has the lock
	removed             // or could not be
	notOurs             // the file just made
	moved               // the path names another
)

// kept are the inodes and records that a program at a head still knows.
type kept struct {
	inos [4]int8
	recs [3]int8
}

// at is the head at which the program stands before op, if it is at one.
func (m *memory) at(op Op) (h head, k kept, ok bool) {
	h = head{op: op, stage: m.stage, round: m.round}
	attempt := func() { // what an attempt keeps from one repetition to the next
		h.peeked, h.created = m.peeked, m.created && m.spares
		k.inos[0], k.inos[1], k.recs[0], k.recs[1] = m.unfinished, m.wrote, m.wroteRec, m.keeps
	}
	judged := func() {
		h.form = m.seen.Form
		k.inos[2] = m.look
		if m.seen.Form == simfs.Whole {
			h.attr = m.attrs[m.seen.Rec-1]
			k.recs[2] = int8(m.seen.Rec)
		}
	}
	switch {
	case m.opened == 0 && m.stage == takesSoft && op.Call == Create:
		if m.confirmed {
			m.unfinished = m.look
		}
		attempt()
	case m.opened == 0 && m.stage == takesHard && (op.Call == Create || op.Call == OpenFile && op.Make || op.Call == Open):
		attempt()
	case m.opened == 0 && op.Call == Open && !m.confirmed:
		attempt()
	case m.opened == 0 && op.Call == Open: // to remove what was judged
		attempt()
		judged()
	case m.stage == takesSoft && op.Call == Close && !m.mine && (!m.confirmed || m.removing):
		attempt()
		switch {
		case m.removing:
			h.why = removed
		case m.anyWritable():
			h.why = notOurs
		case m.moved:
			h.why = moved
		}
	case m.stage == takesSoft && op.Call == Close && !m.mine: // after a look that says what to remove
		attempt()
		judged()
		h.form |= 4
	case m.stage == takesSoft && op.Call == Write && op.Ino == m.inode[op.FD]:
		k.inos[3] = op.Ino
		h.op.Rec, h.op.Ino = 0, 0
	case m.stage == releasesSoft && op.Call == Lstat:
		k.inos[3] = m.inode[0]
	default:
		return head{}, kept{}, false
	}
	h.inos, h.recs = pattern(k.inos), pattern3(k.recs)
	return h, k, true
}

// pattern says which numbers are the same.
func pattern(in [4]int8) (out [4]int8) {
	for i, v := range in {
		for j := range i + 1 {
			if v != 0 && in[j] == v {
				out[i] = int8(j + 1)
				break
			}
		}
	}
	return out
}

func pattern3(in [3]int8) [3]int8 {
	p := pattern([4]int8{in[0], in[1], in[2]})
	return [3]int8{p[0], p[1], p[2]}
}

// asks notes a call before it is made.
func (m *memory) asks(op Op) {
	switch op.Call {
	case Open:
		m.peeked = m.listed
		m.removing = m.confirmed
		if !m.removing {
			m.look, m.seen, m.moved = 0, simfs.Content{}, false
		}
	case Create:
		m.confirmed = false
	}
}

// hears notes the answer.
func (m *memory) hears(op Op, a Answer) {
	switch op.Call {
	case Create, Open, OpenFile:
		m.created = m.created || op.Call == Create && a.Outcome == OK
		if a.Outcome != OK {
			if m.removing {
				m.removing, m.confirmed = false, false
			}
			return
		}
		for fd := range m.writable {
			if m.opened&(1<<fd) == 0 {
				m.opened |= 1 << fd
				m.writable[fd], m.inode[fd] = op.Call != Open, a.Ino
				break
			}
		}
	case List:
		m.listed = true
	case Fstat:
		m.inode[op.FD] = a.Ino
		if !m.writable[op.FD] && !m.removing {
			m.look = a.Ino
		}
	case Read:
		if a.Attr != 0 {
			m.attrs[a.Content.Rec-1] = a.Attr
		}
		if !m.removing && !m.writable[op.FD] && a.Outcome == OK {
			m.seen = a.Content
		}
	case Lock:
		// The file of a hard lock that nobody holds is removed by a soft one,
		// without another look at the path.
		if m.stage == takesSoft && !m.removing && !m.anyWritable() && m.seenHard() {
			m.confirmed = a.Outcome == OK && op.Mode == simfs.Exclusive
		}
		// What the caller vouches for is removed whatever the verdict.
		if m.stage == looks && !m.removing && m.keeps != 0 && m.seen.Rec == uint8(m.keeps) {
			m.confirmed = a.Outcome == OK
		}
	case Lstat:
		if m.opened != 0 && !m.removing && (m.stage == takesSoft || m.stage == looks) && !m.anyWritable() {
			m.confirmed = a.Outcome == OK && a.Ino == m.look
			m.moved = !m.confirmed
		}
	case Close:
		m.opened &^= 1 << op.FD
		m.writable[op.FD] = false
		if m.removing {
			m.removing, m.confirmed = false, false
		}
	case Write:
		m.mine = true
		if m.stage == takesHard && a.Outcome == OK {
			m.wrote, m.wroteRec = m.inode[op.FD], op.Rec
		}
	}
}

func (m *memory) seenHard() bool {
	return m.seen.Form == simfs.Mixed || m.seen.Form == simfs.Whole && m.attrs[m.seen.Rec-1]&Hard != 0
}

func (m *memory) anyWritable() bool {
	for _, w := range m.writable {
		if w {
			return true
		}
	}
	return false
}
