//go:build linux

package main

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// dots has a row for each contestant, and in it a point for each filesystem:
// the first column drawn, with a line to the second one if there is one.
func dots(ts []*table) (figure, error) {
	p := plot.New()
	first := ts[0]
	low := first.column(first.drawn.by[0])
	p.Title.Text = first.drawn.title
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = decades{low.unit}
	rows := first.entries
	names := make([]string, len(rows))
	for i, e := range rows {
		names[len(rows)-1-i] = plainTitle(e.c)
	}
	p.NominalY(names...)
	p.Y.Min, p.Y.Max = -0.5, float64(len(rows))-0.5
	p.Add(verticals())
	where := wheres(ts)
	least, most := math.Inf(1), 0.0
	for _, t := range ts {
		at := indexOf(where, t.where)
		for i, e := range t.entries {
			if e.failed != nil || len(e.outs) == 0 {
				continue
			}
			y := float64(len(rows)-1-i) + 0.14*(float64(len(where)-1)/2-float64(at))*2
			x := low.overall(e)
			if !(x > 0) {
				continue
			}
			k := colorOf(e.c, e.c.name == t.ref)
			least, most = min(least, x), max(most, x)
			if len(t.drawn.by) > 1 {
				x2 := t.column(t.drawn.by[1]).overall(e)
				most = max(most, x2)
				l, err := plotter.NewLine(plotter.XYs{{X: x, Y: y}, {X: x2, Y: y}})
				if err != nil {
					return figure{}, err
				}
				l.Color, l.Width = k, vg.Points(1.2)
				p.Add(l)
			}
			s, err := plotter.NewScatter(plotter.XYs{{X: x, Y: y}})
			if err != nil {
				return figure{}, err
			}
			s.Color, s.Radius, s.Shape = k, vg.Points(3.5), shapes[at%len(shapes)]
			p.Add(s)
		}
	}
	for i, w := range where {
		p.Legend.Add(w, glyph{draw.GlyphStyle{Color: color.Gray{0x40}, Radius: vg.Points(3.5), Shape: shapes[i%len(shapes)]}})
	}
	p.Legend.Top = true
	if most == 0 { // nobody has a figure
		least, most = 1, 10
	}
	p.X.Min, p.X.Max = wholeDecades(least, most)
	return figure{plots: [][]*plot.Plot{{p}}, width: vg.Points(640), height: vg.Points(70 + 26*float64(len(rows)))}, nil
}

var shapes = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.RingGlyph{}}

func indexOf(in []string, s string) int {
	for i, x := range in {
		if x == s {
			return i
		}
	}
	return -1
}

func verticals() *plotter.Grid {
	g := plotter.NewGrid()
	g.Horizontal.Color = nil
	return g
}

// glyph is a point in a legend.
type glyph struct{ draw.GlyphStyle }

func (g glyph) Thumbnail(c *draw.Canvas) { c.DrawGlyph(g.GlyphStyle, c.Center()) }
