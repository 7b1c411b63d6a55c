package net

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/reaper"
)

// A Program is what one process does.
type Program struct {
	Name string
	run  func(*process)
	near bool // its lock has no lease, so only its own host can tell whether it is dead
}

// Programs are what processes can do.
var Programs = []*Program{
	// lease takes the lock, again until it has it, and releases it.
	{Name: "lease", run: func(p *process) { p.soft("lease") }},
	// waits is the same by one who waits: he looks before he tries.
	{Name: "waits", run: func(p *process) {
		p.soft("waits")
	}},
	// fenced is the same with a number.
	{Name: "fenced", run: func(p *process) { p.soft("fenced", lock.WithFence()) }},
	// brief is the same with the shortest lease.
	{Name: "brief", run: func(p *process) { p.soft("brief", lock.WithLease(10*time.Second)) }},
	// endless is the same without a lease.
	{Name: "endless", near: true, run: func(p *process) { p.soft("endless", lock.WithLease(0)) }},
	// grant takes it for a shell, which may have ended when it is revoked.
	{Name: "grant", near: true, run: (*process).grant},
	// break breaks the lock if its owner is dead.
	{Name: "break", run: func(p *process) {
		p.phase = "break"
		_, err := reaper.In(p.Host).Break(p.ctx, path, reaper.Options{})
		p.stop()
		if err != nil && !p.cfg.faulty() && !errors.Is(err, reaper.ErrRefused) && !errors.Is(err, reaper.ErrChanged) {
			p.trouble("break: %v", err)
		}
	}},
	// reap reaps it, and its guards.
	{Name: "reap", run: func(p *process) {
		p.phase = "reap"
		p.reaps(path)
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

func (p *process) trouble(format string, args ...any) {
	p.ask(asked{op: bad, text: fmt.Sprintf(format, args...)})
	p.stop()
}

func (p *process) reaps(path string) {
	for o := range reaper.In(p.Host).Reap(p.ctx, path, reaper.Options{}) {
		if o.Err != nil && !errors.Is(o.Err, fs.ErrNotExist) && !p.over && !p.cfg.faulty() {
			p.trouble("reap: %v", o.Err)
		}
	}
}

// trying turns the error of an attempt into another attempt, or trouble.
func (p *process) trying(err error) {
	p.stop()
	switch {
	case err == nil:
		return
	case errors.Is(err, lock.ErrHeld):
		p.ask(asked{op: again})
	case p.cfg.faulty():
		p.ask(asked{op: done})
	default:
		p.trouble("the attempt failed: %v", err)
	}
	p.stop()
}

// holds is the time in which it has the lock.
func (p *process) holds(fence uint64) {
	if p.late && p.cur.kind == leased {
		p.trouble("a lock is taken whose lease is over")
	}
	p.inside, p.taken = true, true
	p.ask(asked{op: hold, number: uint8(fence)})
	p.stop()
}

func (p *process) soft(phase string, o ...lock.Option) {
	p.phase = phase
	l := lock.NewSoft(path, append(o, lock.InHost(p.Host), lock.WithNetwork())...)
	if phase == "waits" {
		p.trying(lock.InParts(p.Host, l, false).Try())
	} else {
		p.trying(l.TryLock())
	}
	p.holds(l.Fence())
	if l.Locked() {
		p.askAbout(asked{op: says}, p.own[0])
		p.stop()
	} else {
		p.stop()
		p.inside = false
	}
	p.released(p.leaves(l.Unlock))
}

// leaves ends the hold. What the clock says of the lease until then is for
// knowing whether there is one.
func (p *process) leaves(release func() error) error {
	p.inside = false
	return release()
}

func (p *process) released(err error) {
	p.stop()
	v := p.own[0]
	switch {
	case err == nil:
		p.askAbout(asked{op: let}, v)
	case errors.Is(err, lock.ErrLost), errors.Is(err, reaper.ErrChanged):
		p.askAbout(asked{op: lost}, v)
	case p.cfg.faulty():
	default:
		p.trouble("the release failed: %v", err)
	}
	p.stop()
}

func (p *process) grant() {
	p.phase = "grant"
	token, err := lock.Grant(context.Background(), path, shellPID, lock.InHost(p.Host), lock.WithNetwork(), lock.WithTimeout(0))
	p.trying(err)
	p.given = true
	p.holds(0)
	p.ask(asked{op: shell})
	p.stop()
	p.inside = false
	p.phase = "revokes"
	for {
		// As Revoke does, without its timers.
		_, err := reaper.In(p.Host).AsNetwork(true).Break(p.ctx, path, reaper.Options{Token: token})
		p.stop()
		if errors.Is(err, reaper.ErrGuarded) {
			continue
		}
		p.released(err)
		return
	}
}
