package explore

import (
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/simfs"
	"github.com/filelock-go/filelock/lock"
)

// The programs of this file do what waiters do to the lock file whom the kernel
// wakes. The order among them is not simulated: whether others are said to wait
// is open at each question, whatever any of them does, so that what is shown
// holds for every order and for none.

// Lock waits until the lock is granted: it is no move before. The waiter may
// leave at any time: before it, which is while the thread is blocked, or after
// it, before the waiter hears of it.
func (f *toldFile) Lock(m fsys.LockMode) error {
	f.p.mayLeave()
	r := f.p.ask(Op{Call: Wait, FD: f.fd, Mode: modeOf(m)})
	f.p.mayLeave()
	return failure("lock", r.outcome)
}

// OrderLock is granted in every case, at some time or other.
func (f *toldFile) OrderLock(_ fsys.Order, _ fsys.LockMode, wait bool) error {
	if wait {
		f.p.mayLeave()
	}
	return nil
}

func (f *toldFile) OrderUnlock() error { return nil }

func (f *toldFile) OrderHeld(fsys.Order) (bool, error) { return f.p.ordered() }

func (p *process) ordered() (bool, error) {
	o := p.ask(Op{Call: Ordered}).outcome
	return o == OK, failure("order", [...]Outcome{Failed: Failed, No: OK}[o])
}

func (p *process) mayLeave() {
	if p.leave == nil || p.ask(Op{Call: Leave}).outcome != OK {
		return
	}
	leave := p.leave
	p.leave = nil
	leave()
}

// parksAtOwner waits, as a thread of a waiter for a soft lock does, for the
// kernel lock on the file that it saw.
func (p *process) parksAtOwner(ownerShares bool) {
	seen, err := toldDir{p}.Lstat(lockName)
	p.stop()
	if err != nil {
		return
	}
	w := lock.InParts(p.Host, lock.NewSoft(lockPath, lock.InHost(p.Host)), false)
	w.AtOwner(seen.ID, ownerShares)
	p.stop()
	w.End()
}

// parksAtFile takes a hard lock as a waiter does whom the kernel wakes.
func (p *process) parksAtFile(mode simfs.Mode) {
	p.Wakes = true
	l := lock.NewFile(lockPath, lock.InHost(p.Host))
	w := lock.InParts(p.Host, l, mode == simfs.Shared)
	p.leave = w.Leave
	p.mind.stage = takesHard
	stays := w.AtFile()
	p.stop()
	if !stays {
		return
	}
	p.leave = nil
	p.waited(l, w, mode)
}

// waited makes the attempt of a waiter that was woken.
func (p *process) waited(l *lock.File, w *lock.Parts, mode simfs.Mode) {
	p.mind.turn = w.InTurn()
	err := w.Try()
	w.End()
	p.trying(err)
	p.has(mode, nil)
	p.leaves(releasesHard)
	p.released(l.Unlock())
}

// handsOver takes a hard lock, and lets it go when another handle of the same
// process waits for it, which takes it then or has left.
func (p *process) handsOver() {
	p.Wakes, p.mind.hands = true, true
	one, two := lock.NewFile(lockPath, lock.InHost(p.Host)), lock.NewFile(lockPath, lock.InHost(p.Host))
	p.mind.stage = takesHard
	p.trying(one.TryLock())
	p.has(simfs.Exclusive, nil)
	w := lock.InParts(p.Host, two, false)
	w.Queue()
	ended := false
	defer func() {
		if !ended { // the run is given up
			w.End()
		}
	}()
	p.leaves(releasesHard)
	p.released(one.Unlock())
	p.mind.stage, p.mind.long, p.mind.fair, p.mind.hands = takesHard, false, false, false
	if p.ask(Op{Call: Leave}).outcome == OK || w.Given() && p.ask(Op{Call: Leave}).outcome == OK {
		ended = true
		w.End()
		return
	}
	p.stop()
	ended = true
	p.waited(two, w, simfs.Exclusive)
}
