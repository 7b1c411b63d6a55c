//go:build linux

package main

import (
	"fmt"
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
				fmt.Fprintf(&b, " %g %s", c.round(o), c.unit.benchfmt(c.key))
				if c.ratio && e != ref && i < len(ref.outs) {
					fmt.Fprintf(&b, " %g x-%s", c.round(o)/c.round(ref.outs[i]), c.key)
				}
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func (u unit) benchfmt(key string) string {
	switch u {
	case duration:
		return key + "-ns"
	case rate:
		return key + "/s"
	case bytes:
		return key + "-bytes"
	}
	return key
}
