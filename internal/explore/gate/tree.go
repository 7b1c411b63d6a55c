package gate

import (
	"slices"

	"github.com/filelock-go/filelock/internal/fsys"
)

// orders: there are order locks, as on the system that this is built for.
const orders = fsys.OrderLocks

// op is what a program asks of the world.
type op uint8

const (
	done op = iota
	openGate
	orderShared
	orderExclusive
	orderUnlock
	lockGate
	tryGate
	unlockGate
	closeGate
	lstatGate
	unlinkGate
	hasGate
	rmGate
	takeLock
	tryLock
	releaseLock
	choose
)

var opNames = [...]string{"ends", "opens or makes the gate", "order lock, shared", "order lock, exclusive", "drops the order lock",
	"waits for the gate", "tries the gate", "unlocks the gate", "closes the gate", "lstat of the gate", "removes the gate", "looks for a gate", "rm of the gate",
	"waits for the lock", "tries the lock", "lets the lock go", "stays"}

func (o op) String() string { return opNames[o] }

type answer uint8

const (
	ok answer = iota
	refused
	missing
	other // lstat: another file than the one that it has open
	first // choose: it leaves
	second
)

var answerNames = [...]string{"", "refused", "missing", "another file", "or rather leaves", "or rather leaves its thread to another"}

// tree is everything that a program can come to.
type tree struct {
	prog  *Program
	nodes []*node
	heads map[head]int32
	root  edge
}

// node is a program in the middle of a run.
type node struct {
	op      op
	history []answer
	kids    map[answer]edge
}

type edge struct {
	node int32
	turn bool // the program takes itself for the next
}

// head is where the program opens the gate: what it heard before does not
// matter any more. That it is to be opened once more after so many times, and
// then is not, is not gone through.
type head struct {
	phase   phase
	blocked bool // in a thread
	leaves  bool // it may still leave
}

func newTree(p *Program) *tree {
	t := &tree{prog: p, heads: make(map[head]int32)}
	t.root = t.after(nil)
	return t
}

func (t *tree) next(n *node, a answer) edge {
	e, known := n.kids[a]
	if !known {
		e = t.after(append(slices.Clip(n.history), a))
		n.kids[a] = e
	}
	return e
}

// play runs the program with a history to its next question.
func (p *Program) play(history []answer) *process {
	run, ended := newProcess(history), make(chan struct{})
	go func() {
		defer close(ended)
		p.run(run)
		run.ask(done)
	}()
	<-ended
	return run
}

func (t *tree) after(history []answer) edge {
	p := t.prog.play(history)
	e := edge{node: int32(len(t.nodes)), turn: p.asked.turn}
	if p.asked.op == openGate {
		if n, known := t.heads[p.asked.head]; known {
			e.node = n
			return e
		}
		t.heads[p.asked.head] = e.node
	}
	t.nodes = append(t.nodes, &node{op: p.asked.op, history: history, kids: make(map[answer]edge)})
	return e
}
