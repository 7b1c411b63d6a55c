//go:build linux

package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// table is the result of an experiment in one place: one rotation.
type table struct {
	experiment string
	name       string // of the experiment, and of its part if it has several
	title      string
	about      string
	where      string // the filesystem
	ref        string // the contestant that ratios are to
	columns    []column
	entries    []*entry
	drawn      drawing
}

// column is one figure of each contestant.
type column struct {
	key, title string
	unit       unit
	of         func(samples []float64) float64 // of the slices' samples; nil: outcome.values[key]
	ratio      ratioKind                       // to the reference
}

// drawing says what of a table is in a plot.
type drawing struct {
	plot  string // tables with the same name are in one plot
	title string
	by    []string // keys of the columns that are drawn
	at    float64  // for lines: where on the x axis this table is; 0: dots
	x     string   // for lines: what is on the x axis
}

type ratioKind int

const (
	none     ratioKind = iota
	ofRounds           // the median of the rounds' ratios, and their quartiles
	ofAll              // of the figures of all samples: where a round has too few
)

type unit int

const (
	duration unit = iota // nanoseconds
	rate                 // a second
	plain
	size
)

// round is a contestant's figure in one round.
func (c column) round(o outcome) float64 {
	if c.of != nil {
		return c.of(o.samples)
	}
	if x, ok := o.values[c.key]; ok {
		return x
	}
	return math.NaN()
}

// overall is a contestant's figure: of all samples together, or the median of
// the rounds.
func (c column) overall(e *entry) float64 {
	var all []float64
	for _, o := range e.outs {
		if c.of != nil {
			all = append(all, o.samples...)
		} else {
			all = append(all, c.round(o))
		}
	}
	if c.of != nil {
		return c.of(all)
	}
	return median(all)
}

// ratios are those to the reference in each round.
func (c column) ratios(e, ref *entry) []float64 {
	if ref == nil {
		return nil
	}
	var rs []float64
	for i, o := range e.outs[:min(len(e.outs), len(ref.outs))] {
		r := c.round(o) / c.round(ref.outs[i])
		if !math.IsNaN(r) && !math.IsInf(r, 0) {
			rs = append(rs, r)
		}
	}
	return rs
}

func (t *table) column(key string) column {
	return t.columns[slices.IndexFunc(t.columns, func(c column) bool { return c.key == key })]
}

func (t *table) reference() *entry {
	for _, e := range t.entries {
		if e.c.name == t.ref {
			return e
		}
	}
	return nil
}

// markdown writes the table, and below it what is to be known about who is in
// it.
func (t *table) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s, on %s\n\n%s\n\n| |", t.title, t.where, t.about)
	for _, c := range t.columns {
		fmt.Fprintf(&b, " %s |", c.title)
		switch c.ratio {
		case ofRounds:
			b.WriteString(" ratio (quartiles) |")
		case ofAll:
			b.WriteString(" ratio |")
		}
	}
	b.WriteString("\n| --- |")
	for _, c := range t.columns {
		b.WriteString(" ---: |")
		if c.ratio != none {
			b.WriteString(" ---: |")
		}
	}
	b.WriteString("\n")
	ref := t.reference()
	var notes []string
	for _, e := range t.entries {
		title := e.c.title
		if e == ref {
			title += " (reference)"
		}
		fmt.Fprintf(&b, "| %s |", title)
		if e.failed != nil {
			fmt.Fprintf(&b, " %s |\n", cell(e.failed.Error()))
			continue
		}
		for _, c := range t.columns {
			fmt.Fprintf(&b, " %s |", c.unit.format(c.overall(e)))
			if c.ratio != none {
				fmt.Fprintf(&b, " %s |", c.ratioCell(e, ref))
			}
		}
		b.WriteString("\n")
		if e.c.about != "" {
			notes = append(notes, fmt.Sprintf("%s: %s", plainTitle(e.c), e.c.about))
		}
	}
	for _, n := range notes {
		fmt.Fprintf(&b, "\n%s\n", n)
	}
	return b.String()
}

func (c column) ratioCell(e, ref *entry) string {
	if e == ref {
		return "1"
	}
	if c.ratio == ofAll {
		return plain.format(c.overall(e) / c.overall(ref))
	}
	rs := c.ratios(e, ref)
	if len(rs) == 0 {
		return "-"
	}
	return fmt.Sprintf("%s (%s-%s)", plain.format(median(rs)), plain.format(quantile(rs, 0.25)), plain.format(quantile(rs, 0.75)))
}

// cell is text that does not end the cell of a table.
func cell(s string) string {
	return strings.TrimSpace(strings.NewReplacer("|", "/", "\n", " ").Replace(s))
}

func (u unit) format(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "-"
	}
	switch u {
	case duration:
		d := time.Duration(x)
		for _, s := range []struct {
			unit time.Duration
			name string
		}{{time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}} {
			if d >= s.unit {
				return significant(x/float64(s.unit)) + " " + s.name
			}
		}
		return significant(x) + " ns"
	case size:
		if x >= 1<<20 {
			return significant(x/(1<<20)) + " MiB"
		}
		return significant(x) + " B"
	}
	return significant(x)
}

// significant has three digits, more only before the point.
func significant(x float64) string {
	switch a := math.Abs(x); {
	case a >= 100:
		return fmt.Sprintf("%.0f", x)
	case a >= 10:
		return fmt.Sprintf("%.1f", x)
	case a >= 1 || a == 0:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.3g", x)
}
