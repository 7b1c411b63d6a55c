//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"slices"
)

// experiment measures one thing in one place.
type experiment struct {
	name  string
	about string
	run   func(b *bench, p *place) []*table
}

var experiments = []experiment{
	{"uncontended", "lock and unlock that nobody is in the way of; allocations", uncontended},
	{"wake", "how soon a waiter has the lock after its release", wake},
	{"killed", "how soon a waiter has the lock of an owner that was killed", killed},
	{"throughput", "processes that want the lock all the time: acquisitions, fairness, CPU time", throughput},
	{"handover", "goroutines of one process that want the lock all the time", handover},
	{"waiter", "CPU time of a process that waits", waiterCPU},
	{"scan", "looking at every lock of a directory", scan},
	{"run", "a command under a lock, from the shell", commands},
}

// bench is a run.
type bench struct {
	ctx      context.Context
	effort   effort
	chosen   []string // contestants; nil: all
	beside   []build
	progress io.Writer
}

// build is another build of this program, of another commit say, whose
// versions of this project's contestants take part beside this one's.
type build struct{ label, binary string }

// variants are a contestant and what takes part beside it.
func (b *bench) variants(c *contestant) []*contestant {
	vs := []*contestant{c}
	if !c.ours || c.command != nil {
		return vs
	}
	for _, o := range b.beside {
		v := *c
		v.name, v.title, v.binary, v.of = c.name+"@"+o.label, c.title+" @ "+o.label, o.binary, c.name
		vs = append(vs, &v)
	}
	return vs
}

// entries makes an entry of each contestant that was chosen and can take part;
// the reference always does. start prepares a contestant's slices; what it
// starts, stop ends.
func (b *bench) entries(ref string, names []string, start func(c *contestant) (slice func() (outcome, error), stop func(), err error)) []*entry {
	var es []*entry
	for _, name := range append([]string{ref}, names...) {
		if name != ref && b.chosen != nil && !slices.Contains(b.chosen, name) {
			continue
		}
		for _, c := range b.variants(mustContestant(name)) {
			es = append(es, enter(c, start))
		}
	}
	return es
}

func enter(c *contestant, start func(c *contestant) (slice func() (outcome, error), stop func(), err error)) *entry {
	e := &entry{c: c}
	if err := c.ready(); err != nil {
		e.failed = fmt.Errorf("skipped: %w", err)
		return e
	}
	var err error
	if e.slice, e.stop, err = start(c); err != nil {
		e.failed = fmt.Errorf("failed to start: %w", err)
	}
	return e
}

func (b *bench) rotate(t *table, rounds int) []*table {
	rotate(b.ctx, b.progress, t.name+" on "+t.where, rounds, t.entries)
	return []*table{t}
}
