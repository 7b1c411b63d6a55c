//go:build linux

package main

// owners is how many goroutines want the lock.
const owners = 64

// handover measures goroutines of one process that want one path for nothing
// but to have had it.
func handover(b *bench, p *place) []*table {
	one := func(name, ref string, names ...string) []*table {
		t := &table{
			name: "handover-" + name, where: p.fs, ref: ref,
			title: "Hand-over between 64 goroutines of one process, " + name + " locks",
			about: "Each goroutine has a handle of its own on one path, and locks again as soon as it has unlocked. The sections are empty.",
			drawn: drawing{plot: "handover-" + name, title: "Hand-over between goroutines, " + name + " locks: acquisitions/s", by: []string{"rate"}},
			columns: []column{
				{key: "rate", title: "acquisitions/s", unit: rate, ratio: ofRounds},
				{key: "jain", title: "Jain's index", unit: plain},
				{key: "longest", title: "longest wait"},
				{key: "cpu", title: "CPU per acquisition", ratio: ofRounds},
			},
		}
		t.entries = b.entries(ref, names, func(c *contestant) (func() (outcome, error), func(), error) {
			q, err := spawn(c)
			if err != nil {
				return nil, nil, err
			}
			path := p.fresh()
			slice := func() (outcome, error) {
				r, err := q.ask(request{Do: "goroutines", Path: path, N: owners, For: b.effort.hand.Nanoseconds()})
				if err != nil {
					return outcome{}, err
				}
				return contention(r), nil
			}
			return slice, q.stop, nil
		})
		return b.rotate(t, b.effort.rounds)
	}
	hard := []string{"bound-mutex-hard", "bound-mutex-hard-norecord", "file", "file-norecord", "gofrs"}
	if b.effort.all {
		hard = append(hard, "gofrs-retry", "lockedfile")
	}
	return append(
		one("soft", "mutex-excl", "bound-mutex-soft", "soft"),
		one("hard", "mutex-flock", hard...)...)
}
