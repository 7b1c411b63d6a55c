//go:build linux

package main

import (
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// lines has a row of plots for each column drawn, and in it one for each
// filesystem, with a line for each contestant.
func lines(ts []*table) (figure, error) {
	f := figure{width: vg.Points(760)}
	where := wheres(ts)
	for i, key := range ts[0].drawn.by {
		var row []*plot.Plot
		for _, w := range where {
			p := plot.New()
			if i == 0 {
				p.Title.Text = ts[0].drawn.title + ", " + w
			}
			here := slices.DeleteFunc(slices.Clone(ts), func(t *table) bool { return t.where != w })
			if err := drawLines(p, here, key); err != nil {
				return f, err
			}
			if i == len(ts[0].drawn.by)-1 {
				p.X.Label.Text = ts[0].drawn.x
			}
			row = append(row, p)
		}
		f.plots = append(f.plots, row)
		f.height += vg.Points(200)
	}
	for _, e := range ts[0].entries {
		if e.failed == nil {
			f.legend = append(f.legend, line{plainTitle(e.c), colorOf(e.c, e.c.name == ts[0].ref)})
		}
	}
	return f, nil
}

func drawLines(p *plot.Plot, ts []*table, key string) error {
	col := ts[0].column(key)
	p.Y.Label.Text = col.title
	p.X.Scale = plot.LogScale{}
	var xs plot.ConstantTicks
	for _, t := range ts {
		xs = append(xs, plot.Tick{Value: t.drawn.at, Label: strconv.FormatFloat(t.drawn.at, 'g', -1, 64)})
	}
	p.X.Tick.Marker = xs
	p.X.Min, p.X.Max = xs[0].Value, xs[len(xs)-1].Value
	if len(xs) == 1 {
		p.X.Min, p.X.Max = p.X.Min/2, p.X.Max*2
	}
	p.Add(plotter.NewGrid())
	least, most := math.Inf(1), 0.0
	for _, e := range ts[0].entries {
		var points plotter.XYs
		for _, t := range ts {
			for _, same := range t.entries {
				if same.c != e.c || same.failed != nil || len(same.outs) == 0 {
					continue
				}
				if y := col.overall(same); y > 0 {
					points = append(points, plotter.XY{X: t.drawn.at, Y: y})
					least, most = min(least, y), max(most, y)
				}
			}
		}
		if len(points) == 0 {
			continue
		}
		l, s, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		k := colorOf(e.c, e.c.name == ts[0].ref)
		l.Color, s.Color, s.Shape, s.Radius = k, k, draw.CircleGlyph{}, vg.Points(2.5)
		l.Width = vg.Points(1.2)
		p.Add(l, s)
	}
	switch {
	case most == 0: // nobody has a figure
		p.Y.Min, p.Y.Max = 0, 1
	case col.unit == duration:
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, decades{duration}
		p.Y.Min, p.Y.Max = wholeDecades(least, most)
	default:
		p.Y.Min, p.Y.Max = 0, most*1.05
	}
	return nil
}
