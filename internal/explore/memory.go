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
	sweeps     bool          // a create failed, and what it may have made is removed
	unfinished int8          // the unfinished file that it spared once
	look       int8          // the inode of the present or last look
	seen       simfs.Content // what was read in it
	attrs      [maxMet]Attr  // of the records that it met
	recIno     [maxMet]int8  // the inodes that they name
	inRec      int8          // the inode that the record read in it names
	saw        saw           // what else it showed
	confirmed  bool          // the look ended with a verdict to remove the file
	fresh      bool          // a file was just opened, to look at it or to remove it
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
	fair       bool
	hands      bool // another handle of the process waits for the lock
	turn       bool // the attempt does not give way
}

// begins: an attempt of its own, as each has a token of its own.
func (m *memory) begins() {
	if m.stage == takesSoft {
		m.mine, m.created, m.sweeps, m.unfinished = false, false, false, 0
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
	sweeps  bool
	turn    bool
	saw     saw
	form    simfs.Form // of what was judged
	attr    Attr
	inos    [4]int8 // which of those kept are the same
	recs    [3]int8
}

// saw is what a look showed: what came of each kind of call, in two bits.
type saw uint16

const (
	sawShared saw = 1 << (2 * iota)
	sawExclusive
	sawProcess
	sawPath
	sawOurs // not a look: the file just made is closed again
	sawInode
)

func (s *saw) note(what saw, good bool) {
	*s |= what
	if good {
		*s |= what << 1
	}
}

// kept are the inodes and records that a program at a head still knows.
type kept struct {
	inos [4]int8
	recs [3]int8
}

// at is the head at which the program stands before op, if it is at one.
func (m *memory) at(op Op) (h head, k kept, ok bool) {
	h = head{op: op, stage: m.stage, round: m.round, turn: m.turn}
	attempt := func() { // what an attempt keeps from one repetition to the next
		h.peeked, h.created, h.sweeps = m.peeked, m.created && m.spares, m.sweeps
		k.inos[0], k.inos[1], k.recs[0], k.recs[1] = m.unfinished, m.wrote, m.wroteRec, m.keeps
	}
	judged := func() {
		h.form = m.seen.Form
		k.inos[2] = m.look
		if m.seen.Form == simfs.Whole {
			h.attr = m.attrs[m.seen.Rec-1]
			k.recs[2] = int8(m.seen.Rec)
			h.saw.note(sawInode, m.inRec == m.look)
		}
	}
	switch {
	case m.stage == idle:
		return head{}, kept{}, false
	case m.opened == 0 && m.stage == takesSoft && op.Call == Create:
		if m.confirmed {
			m.unfinished = m.look
		}
		attempt()
	case m.opened == 0 && m.stage == takesHard && (op.Call == Create || op.Call == OpenFile && op.Make || op.Call == Open):
		attempt()
	case m.opened == 0 && op.Call == Open: // to look, or to remove what was judged
		h.saw = m.saw
		attempt()
		judged()
	case m.fresh && op.Call == Fstat && m.stage != takesHard: // it is to look: what was seen before is over
		attempt()
	case m.stage == takesSoft && op.Call == Close && !m.mine && (m.removing || m.anyWritable()):
		attempt()
		h.saw.note(sawOurs, m.removing)
	case m.stage == takesSoft && op.Call == Close && !m.mine:
		h.saw = m.saw
		attempt()
		judged()
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
	if m.fresh && (op.Call == Fstat || op.Call == Read) {
		m.forget()
		m.peeked = m.listed && op.Call == Read
	}
	switch op.Call {
	case Lock:
		m.removing = m.removing || m.fresh
	case Create:
		m.forget()
	}
	m.fresh = op.Call == Open
}

// forget: what the last look showed does not matter any more.
func (m *memory) forget() {
	m.look, m.seen, m.inRec, m.saw, m.confirmed = 0, simfs.Content{}, 0, 0, false
}

// hears notes the answer.
func (m *memory) hears(op Op, a Answer) {
	switch op.Call {
	case Create, Open, OpenFile:
		m.created = m.created || op.Call == Create && a.Outcome == OK
		m.sweeps = m.sweeps || op.Call == Create && a.Outcome == Failed
		if a.Outcome != OK {
			m.fresh = false
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
		if m.stage == idle {
			return
		}
		if a.Attr != 0 {
			m.attrs[a.Content.Rec-1], m.recIno[a.Content.Rec-1] = a.Attr, a.RecIno
		}
		if !m.removing && !m.writable[op.FD] && a.Outcome == OK {
			m.seen = a.Content
			if a.RecIno != 0 {
				m.inRec = a.RecIno
			} else if a.Content.Rec != 0 {
				m.inRec = m.recIno[a.Content.Rec-1]
			}
		}
	case Look:
		m.saw.note(sawProcess, a.Outcome == OK)
	case Lock:
		if !m.removing {
			m.saw.note([...]saw{0, sawShared, sawExclusive}[op.Mode], a.Outcome == OK)
		}
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
			m.saw.note(sawPath, m.confirmed)
		}
	case Close:
		m.opened &^= 1 << op.FD
		m.writable[op.FD] = false
		if m.removing {
			m.removing = false
			m.forget()
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
