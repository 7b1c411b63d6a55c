package gate

import (
	"strings"

	"github.com/filelock-go/filelock/lock"
)

// A Program is what one process does.
type Program struct {
	Name string
	run  func(*process)
}

// Programs are what processes can do.
var Programs = []*Program{
	// waits found the lock held, and waits his turn; he may leave at any time.
	{Name: "waits", run: func(p *process) { p.waits(true) }},
	// stays is one who does not leave.
	{Name: "stays", run: func(p *process) { p.waits(false) }},
	// comes takes the lock if it is free and nobody waits for it.
	{Name: "comes", run: (*process).comes},
	// rm is somebody who removes the file.
	{Name: "rm", run: func(p *process) { p.ask(rmGate); p.stop() }},
	// tries does not wait, and takes it when it is free.
	{Name: "tries", run: func(p *process) {
		if p.ask(tryLock) == ok {
			p.stop()
			p.ask(releaseLock)
		}
		p.stop()
	}},
}

// Named are the programs of these names, nil if there is none of one.
func Named(names string) (all []*Program) {
	for _, n := range strings.Fields(names) {
		i := 0
		for i < len(Programs) && Programs[i].Name != n {
			i++
		}
		if i == len(Programs) || len(all) == most {
			return nil
		}
		all = append(all, Programs[i])
	}
	return all
}

func (p *process) waiter() *lock.Parts {
	return lock.InParts(p.Host, lock.NewSoft(path, lock.InHost(p.Host)), false)
}

func (p *process) comes() {
	queued := p.waiter().Queued()
	p.stop()
	if !queued && p.ask(tryLock) == ok {
		p.stop()
		p.ask(releaseLock)
		p.stop()
		return
	}
	p.stop()
	p.waits(false)
}

func (p *process) waits(leaves bool) {
	p.phase = queues
	w := p.waiter()
	if leaves {
		p.leaves = w
	}
	stays := w.AtGate()
	p.stop()
	if !stays {
		return
	}
	if !w.InTurn() {
		panic("gate: there is no gate")
	}
	p.turn = true
	if p.leaves != nil && p.ask(choose) == first {
		p.turn = false
		w.End()
		p.stop()
		return
	}
	p.stop()
	p.ask(takeLock)
	p.stop()
	p.turn = false // the lock is his, and the next may come
	leave := w.Pass()
	p.stop()
	p.ask(releaseLock)
	p.stop()
	if leave != nil {
		leave()
	}
	p.stop()
}
