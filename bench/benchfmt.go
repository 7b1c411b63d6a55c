//go:build linux

package main

import (
	"fmt"
	"math"
	"strings"
)

// benchfmt writes a line for each round of each contestant in the format of
// the go command's benchmarks, which benchstat compares. The ratio of each
// figure to the reference's in that round has the unit "x-KEY".
func (t *table) benchfmt() string {
	var b strings.Builder
	ref := t.reference()
	for _, e := range t.entries {
		if e.failed != nil {
			continue // benchstat shows that it is missing
		}
		for i, o := range e.outs {
			fmt.Fprintf(&b, "Benchmark%s/fs=%s/%s 1", t.name, strings.ReplaceAll(t.where, " ", "-"), e.c.name)
			for _, c := range t.columns {
				appendFigure(&b, c.round(o), c.unit.benchfmt(c.key))
				if c.ratio != none && e != ref && i < len(ref.outs) {
					appendFigure(&b, c.round(o)/c.round(ref.outs[i]), "x-"+c.key)
				}
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// appendFigure leaves out what is no number, as that of a round with no samples.
func appendFigure(b *strings.Builder, x float64, unit string) {
	if !math.IsNaN(x) && !math.IsInf(x, 0) {
		fmt.Fprintf(b, " %g %s", x, unit)
	}
}

func (u unit) benchfmt(key string) string {
	switch u {
	case duration:
		return key + "-ns"
	case rate:
		return key + "/s"
	case size:
		return key + "-bytes"
	}
	return key
}
