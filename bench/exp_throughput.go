//go:build linux

package main

import (
	"fmt"
	"time"
)

// section is how long a lock is held.
const section = time.Millisecond

// throughput measures processes that lock again as soon as they have unlocked.
func throughput(b *bench, p *place) []*table {
	names := []string{"bound-thread", "soft", "file", "gofrs-retry"}
	if b.effort.all {
		names = append(names, "gofrs", "certmagic", "py-soft", "py-file")
	}
	var ts []*table
	for _, n := range b.effort.crowds {
		t := &table{
			name: fmt.Sprintf("throughput-%d", n), where: p.fs, ref: "flock",
			title: fmt.Sprintf("%d processes, sections of %s", n, section),
			about: "Each locks again as soon as it has unlocked. Who still waits at the end counts with its wait so far.",
			drawn: drawing{plot: "throughput", title: "Sections of 1 ms", by: []string{"rate", "jain", "longest", "cpu"}, at: float64(n), x: "processes"},
			columns: []column{
				{key: "rate", title: "acquisitions/s", unit: rate, ratio: ofRounds},
				{key: "jain", title: "Jain's index", unit: plain},
				{key: "longest", title: "longest wait"},
				{key: "uneven", title: "longest / mean wait", unit: plain},
				{key: "cpu", title: "CPU per acquisition", ratio: ofRounds},
			},
		}
		t.entries = b.entries(t.ref, names, func(c *contestant) (func() (outcome, error), func(), error) {
			var crowd []*proc
			stop := func() {
				for _, q := range crowd {
					q.kill() // all, before the first is waited for
				}
				for _, q := range crowd {
					q.stop()
				}
				crowd = nil
			}
			slice := func() (outcome, error) {
				if c.fresh {
					stop()
				}
				for len(crowd) < n {
					q, err := spawn(c)
					if err != nil {
						return outcome{}, err
					}
					crowd = append(crowd, q)
				}
				return oneCrowd(crowd, p.fresh(), b.effort.contend)
			}
			return slice, stop, nil
		})
		ts = append(ts, b.rotate(t, b.effort.rounds)...)
	}
	return ts
}

// lead is the time that a crowd has to be told when to begin.
const lead = 20 * time.Millisecond

func oneCrowd(crowd []*proc, path string, d time.Duration) (outcome, error) {
	for _, q := range crowd { // those just started are not ready yet
		if _, err := q.ask(request{Do: "when"}); err != nil {
			return outcome{}, err
		}
	}
	at := monotonic() + lead.Nanoseconds()
	for _, q := range crowd {
		err := q.tell(request{Do: "contend", Path: path, At: at, Until: at + d.Nanoseconds(), Section: section.Nanoseconds()})
		if err != nil {
			return outcome{}, err
		}
	}
	var r reply
	for _, q := range crowd {
		one, err := q.answer(patience + d)
		if err != nil {
			return outcome{}, err
		}
		r.Counts = append(r.Counts, one.Counts...)
		r.Took = append(r.Took, one.Took...)
		r.CPU += one.CPU
	}
	r.For = d.Nanoseconds()
	return contention(r), nil
}

// contention is the figures of owners that contended. That nobody had the lock
// is a figure, too: none a second.
func contention(r reply) outcome {
	waits, counts := floats(r.Took), floats(r.Counts)
	n, longest := sum(counts), quantile(waits, 1)
	return outcome{samples: waits, values: map[string]float64{
		"rate":    n / time.Duration(r.For).Seconds(),
		"jain":    jain(counts),
		"longest": longest,
		"uneven":  longest / mean(waits),
		"cpu":     float64(r.CPU) / n,
	}}
}
