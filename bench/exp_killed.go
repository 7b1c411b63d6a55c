//go:build linux

package main

import "errors"

// killed measures from the moment before kill(2) with SIGKILL, here, to the
// moment after the acquisition by a waiter.
func killed(b *bench, p *place) []*table {
	t := &table{
		name: "killed", where: p.fs, ref: "flock",
		title: "Take-over from a killed owner",
		about: "From just before kill -9 of the owner until another process, which waits, has the lock. The end of a process takes its time: see the reference.",
		drawn: drawing{plot: "killed", title: "Take-over from a killed owner: median, line to p99", by: []string{"p50", "p99"}},
		columns: []column{
			{key: "p50", title: "median", of: median, ratio: ofRounds},
			{key: "p99", title: "p99", of: p99, ratio: ofAll},
		},
	}
	names := []string{"soft", "file"}
	if b.effort.all {
		names = append(names, "gofrs-retry", "py-file")
	}
	t.entries = b.entries(t.ref, names, func(c *contestant) (func() (outcome, error), func(), error) {
		waiter, err := spawn(c)
		if err != nil {
			return nil, nil, err
		}
		path := p.fresh()
		slice := func() (outcome, error) {
			var o outcome
			for range b.effort.kills {
				ns, err := b.oneKill(c, waiter, path)
				if err != nil {
					return o, err
				}
				o.samples = append(o.samples, float64(ns))
			}
			return o, nil
		}
		return slice, waiter.stop, nil
	})
	return b.rotate(t, b.effort.rounds)
}

func (b *bench) oneKill(c *contestant, waiter *proc, path string) (ns int64, err error) {
	owner, err := spawn(c)
	if err != nil {
		return 0, err
	}
	defer owner.stop()
	if _, err := owner.ask(request{Do: "lock", Path: path}); err != nil {
		return 0, err
	}
	if err := b.surelyWaits(waiter, path); err != nil {
		return 0, err
	}
	before := monotonic()
	owner.kill()
	got, err := waiter.answer(patience)
	if err != nil {
		return 0, err
	}
	if got.At < before {
		return 0, errors.New("two had the lock at once")
	}
	_, err = waiter.ask(request{Do: "unlock"})
	return got.At - before, err
}
