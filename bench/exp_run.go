//go:build linux

package main

import (
	"os/exec"
	"time"
)

// commands measures a process that holds a lock while true(1) runs, from its
// start to its end.
func commands(b *bench, p *place) []*table {
	t := &table{
		name: "run", where: p.fs, ref: "flock1",
		title: "A command under a lock",
		about: "From the start to the end of `flock -n L true` and its like. The row without a lock is `true` alone; the one of Go is a program that does no more than start it, and wait for it.",
		drawn: drawing{plot: "run", title: "A command under a lock: median, line to p99", by: []string{"p50", "p99"}},
		columns: []column{
			{key: "p50", title: "median", of: median, ratio: ofRounds},
			{key: "p99", title: "p99", of: p99, ratio: ofAll},
		},
	}
	t.entries = b.entries(t.ref, []string{"true", "go-exec", "filelock-run", "filelock-run-hard", "filelock-run-cgo", "py-run"}, func(c *contestant) (func() (outcome, error), func(), error) {
		binary := ""
		if c.built != nil {
			var err error
			if binary, err = b.build(c.built, p.binary()); err != nil {
				return nil, nil, err
			}
		}
		path := p.fresh()
		slice := func() (outcome, error) {
			var o outcome
			for range b.effort.runs {
				argv := c.command(binary, path)
				cmd := exec.Command(argv[0], argv[1:]...)
				begin := time.Now()
				if err := run(cmd); err != nil {
					return o, err
				}
				o.samples = append(o.samples, float64(time.Since(begin)))
			}
			return o, nil
		}
		return slice, nil, nil
	})
	return b.rotate(t, b.effort.rounds)
}
