//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
)

// outcome is what one contestant did in one slice: figures by the column's
// key, and samples of single operations where there are any.
type outcome struct {
	samples []float64
	values  map[string]float64
}

// entry is a contestant's place in an experiment.
type entry struct {
	c     *contestant
	slice func() (outcome, error)
	stop  func() // ends what slice started; may be nil

	outs   []outcome // of each round, while it goes well
	failed error     // why it is out
}

func (e *entry) end() {
	if e.stop != nil {
		e.stop()
		e.stop = nil
	}
}

// rotate runs a slice of every entry in each round, in an order that begins
// with another each time and goes backwards every other time. An entry that
// fails is out, and the others go on.
func rotate(ctx context.Context, progress io.Writer, what string, rounds int, entries []*entry) {
	defer func() {
		for _, e := range entries {
			e.end()
		}
	}()
	for r := range rounds {
		fmt.Fprintf(progress, "%s: round %d of %d\n", what, r+1, rounds)
		for i := range entries {
			if r%2 == 1 {
				i = len(entries) - 1 - i
			}
			e := entries[(i+r)%len(entries)]
			if ctx.Err() != nil {
				return
			}
			if e.failed != nil {
				continue
			}
			out, err := e.slice()
			if err != nil {
				e.failed = fmt.Errorf("failed in round %d: %w", r+1, err)
				fmt.Fprintf(progress, "%s: %s %v\n", what, e.c.name, e.failed)
				e.end() // what still runs would disturb the others
				continue
			}
			e.outs = append(e.outs, out)
		}
	}
}
