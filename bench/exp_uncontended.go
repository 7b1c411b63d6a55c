//go:build linux

package main

import "math"

// uncontended measures a lock and an unlock that nobody else is in the way of.
func uncontended(b *bench, p *place) []*table {
	one := func(name, ref, about string, names ...string) []*table {
		t := &table{
			name: "uncontended-" + name, where: p.fs, ref: ref,
			title: "Lock and unlock, uncontended, " + name + " locks",
			about: about,
			drawn: drawing{plot: "uncontended-" + name, title: "Lock and unlock, uncontended, " + name + " locks: median, line to p99", by: []string{"p50", "p99"}},
			columns: []column{
				{key: "p50", title: "median", of: median, ratio: ofRounds},
				{key: "p99", title: "p99", of: p99},
				{key: "allocs", title: "allocations", unit: plain},
				{key: "alloc", title: "allocated", unit: size},
			},
		}
		t.entries = b.entries(ref, names, func(c *contestant) (func() (outcome, error), func(), error) {
			var q *proc
			stop := func() {
				if q != nil {
					q.stop()
					q = nil
				}
			}
			path := p.fresh()
			slice := func() (o outcome, err error) {
				if c.fresh {
					stop()
				}
				if q == nil {
					if q, err = spawn(c); err != nil {
						return o, err
					}
				}
				r, err := q.ask(request{Do: "loop", Path: path, For: b.effort.loop.Nanoseconds(), Most: b.effort.most})
				if err != nil {
					return o, err
				}
				o.samples = floats(r.Took)
				o.values = map[string]float64{"allocs": r.Allocs, "alloc": r.Bytes}
				if c.python != "" || c.name == "dotlockfile" { // not in this program
					o.values = map[string]float64{"allocs": math.NaN(), "alloc": math.NaN()}
				}
				return o, nil
			}
			return slice, stop, nil
		})
		return b.rotate(t, b.effort.rounds)
	}
	return append(
		one("soft", "excl", "The reference creates the file with O_EXCL, writes as many bytes as our record has, closes and removes it.",
			"bound-soft", "soft", "certmagic", "nightlyone", "py-soft", "dotlockfile"),
		one("hard", "flock", "The file stays. With a record, ours says in the file who holds the lock.",
			"bound-hard", "bound-hard-norecord", "file", "file-norecord", "gofrs", "lockedfile", "py-file")...)
}
