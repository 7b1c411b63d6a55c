package explore

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/filelock-go/filelock/internal/simfs"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// A Program is what one process does, once or for a number of rounds. It
// calls the shipped code, and says what it believes about the lock.
type Program struct {
	Name string
	run  func(p *process)
	// Hard: with the files of hard locks there is a file at rest.
	Hard bool
}

// An Event is what a program did between two questions to the world.
type Event struct {
	What EventKind
	Rec  int8       // Entered: its record, 0 without one; Judged: whose owner is dead
	Mode simfs.Mode // Entered
	Text string     // Trouble
}

type EventKind uint8

const (
	Entered EventKind = iota // it has the lock
	Leaving                  // it is about to let go
	Judged                   // it was told that a record's owner is dead
	Trouble                  // something that must not be
)

// say notes an event, unless the run is over.
func (p *process) say(e Event) {
	p.stop()
	p.before = append(p.before, e)
}

// stop ends a run that was given up, when its code comes back.
func (p *process) stop() {
	if p.over {
		runtime.Goexit()
	}
}

func (p *process) trouble(format string, args ...any) {
	p.say(Event{What: Trouble, Text: fmt.Sprintf(format, args...)})
}

// has: the process has the lock.
func (p *process) has(mode simfs.Mode, rec *meta.Record) {
	e := Event{What: Entered, Mode: mode}
	if rec != nil && rec.Kind == meta.KindSoft {
		e.Rec = p.world.record(rec.Token)
	}
	p.mind.round++
	p.say(e)
	p.mind.stage = holds
}

// leaves: it is about to call something that ends the hold.
func (p *process) leaves(s stage) {
	p.mind.stage, p.mind.asked, p.mind.long = s, false, false
	p.say(Event{What: Leaving})
}

// again ends a run that did not come to anything.
func (p *process) again() {
	p.ask(Op{Call: Again})
	p.stop()
}

// trying turns the error of an attempt into another attempt, or trouble.
func (p *process) trying(err error) {
	p.stop()
	switch {
	case err == nil:
		return
	case errors.Is(err, lock.ErrHeld):
	case p.faulty:
		p.ask(Op{Call: GaveUp})
		p.stop()
	default:
		p.trouble("the attempt failed: %v", err)
	}
	p.again()
}

func (p *process) released(err error) {
	p.stop()
	if err != nil && !p.faulty {
		p.trouble("the release failed: %v", err)
	}
	p.mind.stage = idle
}

// soft takes and releases a soft lock. patient is what TryLock does, and Lock
// does otherwise.
func (p *process) soft(patient bool, o ...lock.Option) {
	l := lock.NewSoft(lockPath, append(o, lock.InHost(p.Host))...)
	p.mind.stage = takesSoft
	if patient {
		p.trying(l.TryLock())
	} else {
		p.trying(l.Lock(context.Background()))
	}
	rec, _ := l.Record()
	p.has(simfs.Exclusive, &rec)
	p.leaves(releasesSoft)
	p.released(l.Unlock())
}

// hard takes and releases a hard lock on a handle, which may have had it before.
func (p *process) hard(l *lock.File, mode simfs.Mode) {
	p.mind.stage, p.mind.long = takesHard, false
	if mode == simfs.Shared {
		p.trying(l.TryRLock())
	} else {
		p.trying(l.TryLock())
	}
	p.has(mode, nil)
	p.leaves(releasesHard)
	p.released(l.Unlock())
}

// granted takes a soft lock for a process without a descriptor, and revokes it.
func (p *process) granted() {
	p.mind.stage = takesSoft
	token, err := lock.Grant(context.Background(), lockPath, p.world.self().PID, lock.InHost(p.Host))
	p.trying(err)
	p.mind.keeps = p.world.record(token)
	p.has(simfs.Exclusive, &meta.Record{Kind: meta.KindSoft, Token: token})
	p.leaves(looks)
	for {
		// As Revoke does, in this world.
		st, err := reaper.In(p.Host).Break(p.ctx, lockPath, reaper.Options{Token: token})
		p.stop()
		if !errors.Is(err, reaper.ErrRefused) || !st.Passing() {
			p.released(err)
			break
		}
	}
	p.mind.keeps = 0
}

// Programs are what processes can do.
var Programs = []*Program{
	{Name: "soft", run: func(p *process) { p.soft(false) }},
	{Name: "try", run: func(p *process) { p.soft(true) }},
	{Name: "spare", run: func(p *process) {
		p.mind.spares = true
		p.soft(true, lock.WithoutReaping())
	}},
	{Name: "grant", run: (*process).granted},
	{Name: "file", Hard: true, run: func(p *process) { p.hard(lock.NewFile(lockPath, lock.InHost(p.Host)), simfs.Exclusive) }},
	{Name: "shared", Hard: true, run: func(p *process) { p.hard(lock.NewFile(lockPath, lock.InHost(p.Host)), simfs.Shared) }},
	{Name: "file2", Hard: true, run: func(p *process) {
		l := lock.NewFile(lockPath, lock.InHost(p.Host))
		p.hard(l, simfs.Exclusive)
		p.hard(l, simfs.Exclusive)
	}},
	{Name: "break", run: func(p *process) {
		p.mind.stage = looks
		_, err := reaper.In(p.Host).Break(p.ctx, lockPath, reaper.Options{})
		p.stop()
		if err != nil && !p.faulty && !errors.Is(err, reaper.ErrRefused) && !errors.Is(err, reaper.ErrChanged) {
			p.trouble("break: %v", err)
		}
	}},
	{Name: "reap", run: func(p *process) {
		p.mind.stage = looks
		for o := range reaper.In(p.Host).Reap(p.ctx, dirPath, reaper.Options{}) {
			p.stop()
			if o.Err != nil && !p.faulty {
				p.trouble("reap: %v", o.Err)
			}
		}
	}},
	{Name: "park-soft", run: func(p *process) { p.parksAtOwner(false) }},
	{Name: "park-excl", run: func(p *process) { p.parksAtOwner(true) }},
	{Name: "park-file", Hard: true, run: func(p *process) { p.parksAtFile(simfs.Exclusive) }},
	{Name: "park-shared", Hard: true, run: func(p *process) { p.parksAtFile(simfs.Shared) }},
	{Name: "hand", Hard: true, run: (*process).handsOver},
	{Name: "aside", run: (*process).aside},
	{Name: "inspect", run: func(p *process) {
		p.mind.stage = looks
		st, err := reaper.In(p.Host).Inspect(p.ctx, lockPath)
		p.stop()
		if err != nil && !p.faulty {
			p.trouble("inspect: %v", err)
		}
		if st.Verdict == reaper.Dead && st.Record != nil {
			p.say(Event{What: Judged, Rec: p.world.record(st.Record.Token)})
		}
	}},
}

// ID is the program's name.
func (p *Program) ID() string { return p.Name }

// ProgramNamed finds a program, nil if there is none of the name.
func ProgramNamed(name string) *Program {
	for _, p := range Programs {
		if p.Name == name {
			return p
		}
	}
	return nil
}
