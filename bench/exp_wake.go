//go:build linux

package main

import (
	"errors"
	"math/rand/v2"
	"time"
)

// leastPause is enough for a waiter that has said that it is about to wait to
// wait indeed. Then comes a random time up to effort.phase, so that a poll is met
// in every phase.
const leastPause = 2 * time.Millisecond

// wake measures from the moment before the release, in the holder, to the
// moment after the acquisition, in a waiter that is another process.
func wake(b *bench, p *place) []*table {
	t := &table{
		name: "wake", where: p.fs, ref: "flock",
		title: "Wake-up after a release",
		about: "From just before one process releases until another, which waits, has the lock.",
		drawn: drawing{plot: "wake", title: "Wake-up after a release: median, line to p99", by: []string{"p50", "p99"}},
		columns: []column{
			{key: "p50", title: "median", of: median, ratio: ofRounds},
			{key: "p99", title: "p99", of: p99, ratio: ofAll},
		},
	}
	names := []string{"bound-thread", "soft", "file", "gofrs-retry"}
	if b.effort.all {
		names = append(names, "gofrs", "lockedfile", "py-soft", "py-file")
	}
	t.entries = b.entries(t.ref, names, func(c *contestant) (func() (outcome, error), func(), error) {
		holder, waiter, err := pair(c)
		if err != nil {
			return nil, nil, err
		}
		path := p.fresh()
		slice := func() (outcome, error) {
			var o outcome
			for range b.effort.wakes {
				ns, err := b.oneWake(holder, waiter, path)
				if err != nil {
					return o, err
				}
				o.samples = append(o.samples, float64(ns))
			}
			return o, nil
		}
		return slice, func() { holder.stop(); waiter.stop() }, nil
	})
	return b.rotate(t, b.effort.rounds)
}

func pair(c *contestant) (holder, waiter *proc, err error) {
	if holder, err = spawn(c); err != nil {
		return nil, nil, err
	}
	if waiter, err = spawn(c); err != nil {
		holder.stop()
		return nil, nil, err
	}
	return holder, waiter, nil
}

func (b *bench) oneWake(holder, waiter *proc, path string) (ns int64, err error) {
	if _, err := holder.ask(request{Do: "lock", Path: path}); err != nil {
		return 0, err
	}
	if err := b.surelyWaits(waiter, path); err != nil {
		return 0, err
	}
	if err := holder.tell(request{Do: "unlock"}); err != nil {
		return 0, err
	}
	got, err := waiter.answer(patience)
	if err != nil {
		return 0, err
	}
	if _, err := holder.answer(patience); err != nil {
		return 0, err
	}
	released, err := holder.ask(request{Do: "when"})
	if err != nil {
		return 0, err
	}
	if got.At < released.At {
		return 0, errors.New("two had the lock at once")
	}
	_, err = waiter.ask(request{Do: "unlock"})
	return got.At - released.At, err
}

// surelyWaits returns when the waiter has said that it is about to wait, and
// has had the time to.
func (b *bench) surelyWaits(waiter *proc, path string) error {
	_, err := waiter.ask(request{Do: "wait", Path: path})
	pause(leastPause + rand.N(b.effort.phase))
	return err
}
