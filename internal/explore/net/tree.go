package net

import (
	"slices"
)

// op is what a program asks of the world.
type op uint8

const (
	done op = iota
	again
	bad
	create
	open
	info
	read
	lstat
	write
	sync
	unlink
	clock  // how old one's own file is
	watch  // whether a file was seen unchanged for all of its time
	look   // whether a process lives
	size   // of the fence
	extend // the fence
	hold
	shell
	let  // the release has succeeded
	lost // the lock is lost
	says // that it is locked
)

var opNames = [...]string{"ends", "tries again", "trouble", "create", "open", "fstat", "read", "lstat", "write", "sync", "unlink", "looks at its clock",
	"watches", "looks at the process", "looks at the fence", "raises the fence", "has the lock", "lets its shell end", "has released", "has lost it", "says that it is locked"}

func (o op) String() string { return opNames[o] }

type what uint8

const (
	ok what = iota
	missing
	exists
	other  // another file than the one that it means
	failed // done or not
	over   // watch: for long enough; look, shell: gone
)

var whatNames = [...]string{"", "missing", "exists", "another file", "fails, done or not", "over"}

// answer is what comes of a question.
type answer struct {
	what    what
	slot    int8 // open: which file, as the process numbers them
	form    form
	kind    kind
	who     who
	touched bool
	age     uint8
	size    uint8 // of the fence

	serial uint16 // of the file, for a run that forgets nothing
}

// who made a record, for the reader.
type who uint8

const (
	own who = iota
	near
	far
)

// asked is a question, and what the world has to know of who asks it.
type asked struct {
	op     op
	level  int8 // of the name
	slot   int8 // of the file, -1: none
	n      int8 // files in mind
	lock   int8 // its own lock, being taken or held; -1: none
	guard  int8 // the same of a guard
	mine   uint16
	judged int8 // unlink: what was judged; -1: it is its own
	// unlink: when it was read again it was not any more what was judged.
	changed bool
	kind    kind
	inside  bool  // it takes itself for the owner
	wait    bool  // clock: it matters whether the lease is over
	number  uint8 // extend: to so many bytes; hold: the fence of the lock, 0 without one
	text    string
}

// tree is everything that a program can come to.
type tree struct {
	prog  *Program
	cfg   *Config
	nodes []*node
	heads map[string]int32
	root  edge
}

// node is a program in the middle of a run.
type node struct {
	asked
	history []answer
	kids    map[answer]edge
}

type edge struct {
	node int32
	keep []int8 // which of the files in mind stay there, if forgets
	cut  bool
}

func newTree(p *Program, c *Config) *tree {
	t := &tree{prog: p, cfg: c, heads: make(map[string]int32)}
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
func (p *Program) play(c *Config, history []answer) *process {
	run, ended := newProcess(c), make(chan struct{})
	run.script = history
	go func() {
		defer close(ended)
		p.run(run)
		run.ask(asked{op: done, slot: -1})
	}()
	<-ended
	return run
}

func (t *tree) after(history []answer) edge {
	p := t.prog.play(t.cfg, history)
	e := edge{node: int32(len(t.nodes)), keep: p.keep, cut: p.cut}
	if p.cut {
		if n, known := t.heads[p.key]; known {
			e.node = n
			return e
		}
		t.heads[p.key] = e.node
	}
	t.nodes = append(t.nodes, &node{asked: p.asked, history: history, kids: make(map[answer]edge)})
	return e
}
