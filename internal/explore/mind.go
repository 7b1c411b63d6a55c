package explore

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/filelock-go/filelock/internal/simfs"
	"github.com/filelock-go/filelock/meta"
)

// A Mind is everything that a program can come to: a tree of what it heard,
// with what it asks next at each node. It is filled in as a search asks for
// it, by running the program's code from the beginning with the answers that
// lead to the node. At the head of a loop the tree leads back to the node that
// stands for the head.
type Mind struct {
	prog  *Program
	model *Model

	mu    sync.Mutex
	nodes []*Node
	heads map[head]*Node
	root  *Edge
}

// A Node is a program in the middle of a run.
type Node struct {
	ID   int32
	Op   Op // what it asks next
	mind memory
	kept kept // at a head

	inos, recs int8 // how many it has met
	history    []Answer
	kids       map[Answer]*Edge
}

// An Edge leads from an answer to the next question. Inos and Recs say which
// of the inodes and records known before are those of the node: none of the
// others matters any more. Nil: as they were.
type Edge struct {
	*Node
	Events     []Event // what the program did in between
	Inos, Recs []int8
}

// newMind runs the program to its first question.
func newMind(p *Program, m *Model) *Mind {
	mind := &Mind{prog: p, model: m, heads: make(map[head]*Node)}
	mind.root = mind.after(nil, nil, Answer{})
	return mind
}

// next is what follows an answer at a node.
func (m *Mind) next(n *Node, a Answer) *Edge {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := n.kids[a]
	if e == nil {
		e = m.after(n, n.history, a)
		n.kids[a] = e
	}
	return e
}

// after runs the program with a history and one answer more.
func (m *Mind) after(from *Node, history []Answer, a Answer) *Edge {
	r := &replay{mind: m}
	if from != nil {
		r.script = append(slices.Clip(history), a)
	}
	r.run()
	if from != nil && a.Outcome == Refused && from.Op.Call == Lock && r.asked == from.Op && len(r.events) == 0 {
		return &Edge{Node: from} // it tries again
	}
	n := &Node{Op: r.asked, mind: r.memory, inos: r.inos, recs: r.recs, history: r.script, kids: make(map[Answer]*Edge)}
	e := &Edge{Node: n, Events: r.events}
	if h, k, ok := n.mind.at(r.asked); ok {
		n.kept = k
		if known := m.heads[h]; known != nil {
			e.to(known, k)
			return e
		}
		m.heads[h] = n
		e.to(n, k) // the others are forgotten here too
	}
	n.ID = int32(len(m.nodes))
	m.nodes = append(m.nodes, n)
	return e
}

// to leads the edge to a head.
func (e *Edge) to(known *Node, now kept) {
	e.Node, e.Inos, e.Recs = known, make([]int8, known.inos), make([]int8, known.recs)
	for i, there := range known.kept.inos {
		if there != 0 {
			e.Inos[there-1] = now.inos[i]
		}
	}
	for i, there := range known.kept.recs {
		if there != 0 {
			e.Recs[there-1] = now.recs[i]
		}
	}
}

// replay is a run of a program with a script.
type replay struct {
	mind   *Mind
	script []Answer
	at     int
	cycle  []told // since the last head
	tired  bool   // it goes round and round in it

	proc       *process
	inos, recs int8
	attrs      []Attr // of the records met
	pids       []int
	inodes     []int8 // those that they name
	asked      Op
	events     []Event
	memory     memory
}

func (r *replay) run() {
	r.proc = newProcess(r, r.mind.model)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.mind.prog.run(r.proc)
		if !r.proc.over {
			r.proc.ask(Op{Call: Done})
		}
	}()
	<-done
	if !r.proc.over {
		panic("explore: a run ended without an end")
	}
}

// told is a question and its answer.
type told struct {
	op Op
	a  Answer
}

func (r *replay) ask(o Op) reply {
	mind := &r.proc.mind
	if r.tired {
		for _, t := range r.cycle {
			if t.op == o {
				mind.asks(o)
				mind.hears(o, t.a)
				return r.tell(o, t.a)
			}
		}
		r.tired = false
	}
	if r.at == len(r.script) {
		r.asked, r.events, r.memory = o, r.proc.before, *mind
		r.proc.over = true
		return reply{}
	}
	a := r.script[r.at]
	r.at++
	r.proc.before = nil
	if _, _, ok := mind.at(o); ok {
		r.cycle = nil
	}
	if a.Outcome == Tired {
		// Refused, and again and again, until the program does something else.
		r.tired = true
		a.Outcome = Refused
		if mind.stage == takesSoft || mind.stage == looks {
			r.cycle = nil // which try the call alone again
		}
	}
	r.cycle = append(r.cycle, told{o, a})
	mind.asks(o)
	mind.hears(o, a)
	return r.tell(o, a)
}

func (r *replay) tell(o Op, a Answer) reply {
	rep := reply{outcome: a.Outcome}
	if a.Ino != 0 {
		r.inos = max(r.inos, a.Ino)
		rep.info = infoOf(int(a.Ino), a.Size)
	}
	switch {
	case o.Call == Write:
		r.attrs[o.Rec-1], r.inodes[o.Rec-1] = o.Attr|Own, o.Ino
	case o.Call != Read || a.Outcome != OK:
	case a.Content.Form != simfs.Whole:
		rep.data = contents(a.Content.Form)
	default:
		n := int(a.Content.Rec)
		if n > len(r.attrs) {
			pid := pidBase + n
			if a.Attr&Own != 0 {
				pid = pidBase
			}
			r.attrs, r.pids, r.inodes = append(r.attrs, a.Attr), append(r.pids, pid), append(r.inodes, a.RecIno)
			r.recs = int8(n)
			if a.RecIno != Elsewhere {
				r.inos = max(r.inos, a.RecIno)
			}
		}
		rep.data = shown{rec: n, pid: r.pids[n-1], inode: int(r.inodes[n-1]), attr: r.attrs[n-1]}.bytes()
	}
	return rep
}

func (r *replay) self() meta.Identity { return identity(pidBase, here) }

func (r *replay) newToken() string {
	r.recs++
	r.attrs, r.pids, r.inodes = append(r.attrs, Own), append(r.pids, pidBase), append(r.inodes, 0)
	return tokenOf(int(r.recs))
}

func (r *replay) record(token string) int8 {
	n, err := strconv.Atoi(token[strings.LastIndexByte(token, '-')+1:])
	if err != nil {
		panic(err)
	}
	return int8(n)
}

func (r *replay) owner(pid int) int8 {
	n := pid - pidBase
	if n < 1 || n > int(r.recs) {
		panic(fmt.Sprintf("explore: nobody has pid %d", pid))
	}
	return int8(n)
}

func (r *replay) inode(n uint64) int8 { return int8(n - inodeBase) }
