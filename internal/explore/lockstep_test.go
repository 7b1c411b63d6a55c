package explore

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/simfs"
	"github.com/filelock-go/filelock/meta"
)

// A search believes what a program's Mind says it asks next: that it depends
// on nothing but what Mind keeps at the heads of loops, that sizes and time
// stamps matter only where they are told, that one number is as good as
// another. Here the programs really run, each in one piece, beside a random
// path of the search, with whole answers and numbers of their own, and must ask
// just that.
func TestProgramsDoWhatTheirMindsSay(t *testing.T) {
	casts := [][]string{
		{"soft", "soft", "try"}, {"try", "grant", "break"}, {"soft", "file2", "inspect"}, {"file", "file2", "shared"},
		{"spare", "soft", "reap"}, {"grant", "grant", "soft"}, {"spare", "file2", "grant"}, {"soft", "soft", "soft", "soft"},
		{"park-soft", "try", "file2"}, {"park-excl", "shared", "soft"}, {"park-file", "soft", "hand"}, {"hand", "park-shared", "grant"},
	}
	runs := 12
	if testing.Short() || emulation.Wine() {
		runs = 3
	}
	for _, model := range Models {
		for _, names := range casts {
			t.Run(model.Name+"/"+strings.Join(names, "+"), func(t *testing.T) {
				t.Parallel()
				c := &Config{Model: model, Rounds: 2, Crashes: 2, Restart: true}
				for _, n := range names {
					c.Actors = append(c.Actors, ProgramNamed(n))
				}
				for seed := range runs {
					l := newLockstep(c, uint64(seed))
					err := l.run()
					l.end()
					if err != nil {
						t.Fatalf("seed %d: %v; the schedule:\n%s", seed, err, strings.Join(l.schedule, "\n"))
					}
				}
			})
		}
	}
}

// lockstep is a path of the search with real programs beside it.
type lockstep struct {
	stepper
	rnd      *rand.Rand
	state    State
	actors   [MaxActors]*actor
	inos     map[simfs.Ino]uint64 // the real numbers
	bytes    map[uint8][]byte     // the real records
	pids     map[uint8]int        // whose they are
	lastPID  int
	lastIno  uint64
	schedule []string
}

// actor is a program that runs.
type actor struct {
	l     *lockstep
	prog  *Program
	proc  *process
	pid   int
	asks  chan Op
	hears chan reply
	ended chan struct{} // closed when the round's goroutine is over
	op    Op            // the question it stands before

	refuses *Op // refused until it gives up
	tokens  int
	looksAt int // the pid of a Look
}

func newLockstep(c *Config, seed uint64) *lockstep {
	l := &lockstep{rnd: rand.New(rand.NewPCG(seed, 7)), inos: map[simfs.Ino]uint64{}, bytes: map[uint8][]byte{}, pids: map[uint8]int{}}
	l.model, l.restart, l.harm = c.Model, c.Restart, true
	l.lastPID, l.lastIno = pidBase, inodeBase
	l.state = l.initial(c)
	for p := range c.Actors { // as tidy has put them
		if n := l.state.Act[p].Node; n >= 0 {
			l.actors[p] = l.spawn(l.minds[l.state.Act[p].Prog].prog)
		}
	}
	return l
}

func (l *lockstep) spawn(prog *Program) *actor {
	l.lastPID++
	a := &actor{l: l, prog: prog, pid: l.lastPID, asks: make(chan Op), hears: make(chan reply)}
	a.begin()
	return a
}

// begin starts a round and waits for its first question.
func (a *actor) begin() {
	proc, ended := newProcess(a, a.l.model), make(chan struct{})
	a.proc, a.ended = proc, ended
	go func() {
		defer close(ended)
		a.prog.run(proc)
		proc.ask(Op{Call: Done})
	}()
	a.op = <-a.asks
}

// end makes the program give up where it is.
func (a *actor) end() {
	a.proc.over = true
	a.hears <- reply{}
	<-a.ended
}

// ask is what the program's goroutine calls.
func (a *actor) ask(o Op) reply {
	if a.refuses != nil && *a.refuses == o {
		return reply{outcome: Refused}
	}
	a.refuses = nil
	a.asks <- o
	r := <-a.hears
	a.proc.mind.asks(o) // for what depends on the stage only
	return r
}

func (a *actor) self() meta.Identity {
	ns := here
	if a.l.model.Containers {
		ns = strconv.Itoa(a.pid)
	}
	return identity(a.pid, ns)
}

func (a *actor) newToken() string {
	a.tokens++
	return tokenOf(a.pid*1000 + a.tokens)
}

// The numbers of a question are not compared, but what they stand for.
func (a *actor) record(token string) int8 { return 1 }
func (a *actor) owner(pid int) int8       { a.looksAt = pid; return 1 }
func (a *actor) inode(n uint64) int8      { return 1 }

func (l *lockstep) run() error {
	for range 400 {
		type choice struct {
			s State
			m Move
		}
		var all []choice
		l.yield = func(s *State, m Move) { all = append(all, choice{*s, m}) }
		l.moves(&l.state)
		if len(all) == 0 {
			return nil
		}
		c := all[l.rnd.IntN(len(all))]
		if c.m.Kill && l.rnd.IntN(8) > 0 { // else they come too early
			continue
		}
		l.schedule = append(l.schedule, c.m.String())
		if err := l.play(&c.s, c.m, func() *State {
			for i := range all {
				if all[i].m.Actor == c.m.Actor && all[i].m.ans.Outcome == Tired {
					return &all[i].s
				}
			}
			return nil
		}); err != nil {
			return err
		}
		l.rename()
	}
	return nil
}

// end lets the programs go that are still running.
func (l *lockstep) end() {
	for p, a := range l.actors {
		if a != nil && l.state.Act[p].Node >= 0 {
			a.end()
		}
	}
}

// rename follows the numbers and places of the search.
func (l *lockstep) rename() {
	was := l.state.tidy(l.model)
	inos, bytes, pids, actors := map[simfs.Ino]uint64{}, map[uint8][]byte{}, map[uint8]int{}, l.actors
	for n, old := range was.inos {
		if old != 0 {
			inos[simfs.Ino(n)] = l.inos[old]
		}
	}
	for n, old := range was.recs {
		if old != 0 {
			bytes[uint8(n)], pids[uint8(n)] = l.bytes[old], l.pids[old]
		}
	}
	for p := range int(l.state.N) {
		actors[p] = l.actors[was.order[p]]
	}
	l.inos, l.bytes, l.pids, l.actors = inos, bytes, pids, actors
}

// play makes a move of the search for real.
func (l *lockstep) play(next *State, m Move, tired func() *State) error {
	p := int(m.Actor)
	a, before := l.actors[p], l.state
	if m.Kill {
		a.end()
		l.state = *next
		l.actors[p] = l.spawn(a.prog)
		return l.same(p)
	}
	half := next.Act[p].Half
	l.state = *next
	if half {
		return nil
	}
	r := l.answer(&before, p, m)
	if m.ans.Outcome == Tired {
		op := a.op
		a.refuses = &op
	}
	a.hears <- r
	asked := a.op
	a.op = <-a.asks
	if m.ans.Outcome == Refused && a.op != asked && m.op.Call == Lock && l.node(&before, p) == l.node(&l.state, p) {
		l.state = *tired() // as often as that it was refused
	}
	for a.op.Call == Done || a.op.Call == Again || a.op.Call == GaveUp {
		end := a.op.Call
		a.end()
		rounds := before.Act[p].Rounds
		if end == Done {
			rounds--
		}
		act := &l.state.Act[p]
		if end == GaveUp || rounds == 0 {
			if act.Node >= 0 && !l.looping(p) {
				return fmt.Errorf("%s has ended (%s), and was to %s; it did %v", name(p), Op{Call: end}, l.node(&l.state, p).Op, a.proc.before)
			}
			*act = Actor{Node: -1}
			return nil
		}
		if l.looping(p) { // it gave up what the search goes on with for ever
			*act = Actor{Prog: before.Act[p].Prog, Rounds: rounds, Node: l.minds[before.Act[p].Prog].root.ID}
		}
		a.begin()
	}
	if l.looping(p) && a.op.Call == Open && l.node(&l.state, p).Op.Call != Open {
		// A hard lock's attempt ends with a look, which the search comes to
		// by its own choice. Here it ends without.
		a.end()
		act := &l.state.Act[p]
		*act = Actor{Prog: act.Prog, Rounds: act.Rounds, Node: l.minds[act.Prog].root.ID}
		a.begin()
	}
	return l.same(p)
}

// looping: the actor stands at the head of a loop that ends after a number of
// repetitions, which the search does not count.
func (l *lockstep) looping(p int) bool {
	n := l.node(&l.state, p)
	return n != nil && n.mind.opened == 0 && (n.Op.Call == Create || n.Op.Call == Open || n.Op.Call == OpenFile)
}

func name(p int) string { return string(rune('A' + p)) }

// same compares the question with the one that the search expects.
func (l *lockstep) same(p int) error {
	n := l.node(&l.state, p)
	if n == nil {
		return fmt.Errorf("%s asks to %s, and should have ended", name(p), l.actors[p].op)
	}
	is, want := l.actors[p].op, n.Op
	act := &l.state.Act[p]
	if want.Call == Look {
		if r := act.Recs[want.Rec-1]; r != 0 && l.pids[r] != l.actors[p].looksAt {
			return fmt.Errorf("%s looks at process %d, and not at %d", name(p), l.actors[p].looksAt, l.pids[r])
		}
	}
	is.Rec, want.Rec, is.Ino, want.Ino = 0, 0, 0, 0
	if is != want {
		return fmt.Errorf("%s (%s) asks to %s (%+v), and should %s (%+v)", name(p), l.actors[p].prog.Name, is, is, want, want)
	}
	return nil
}

// answer is the whole answer to a question, from the world before and after.
func (l *lockstep) answer(before *State, p int, m Move) reply {
	a, after := l.actors[p], &l.state
	r := reply{outcome: m.ans.Outcome}
	if r.outcome == Tired {
		r.outcome = Refused
	}
	if i := after.W.Named; i != 0 && l.inos[i] == 0 {
		l.lastIno++
		l.inos[i] = l.lastIno
	}
	switch m.op.Call {
	case OpenFile, Lstat:
		if r.outcome == OK {
			l.inform(&r, after, after.W.Named, a)
		}
	case Fstat:
		l.inform(&r, after, before.W.Open[p][m.op.FD].Ino, a)
	case Read:
		d := before.W.Data[before.W.Open[p][m.op.FD].Ino]
		r.data = contents(d.Form)
		if d.Rec != 0 {
			r.data = l.bytes[d.Rec]
		}
	case Write:
		rec := after.W.Data[before.W.Open[p][m.op.FD].Ino].Rec
		l.bytes[rec], l.pids[rec] = a.proc.written, a.pid
	}
	return r
}

func (l *lockstep) inform(r *reply, s *State, i simfs.Ino, a *actor) {
	r.info = infoOf(0, SizeNotTold)
	r.info.Ino = l.inos[i]
	d := s.W.Data[i]
	r.info.Size = int64(len(contents(d.Form)))
	if d.Rec != 0 {
		r.info.Size = int64(len(l.bytes[d.Rec]))
		if l.pids[d.Rec] != a.pid && !l.model.Coarse {
			r.info.ModTime = epoch.Add(3600e9)
		}
	}
}
