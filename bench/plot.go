//go:build linux

package main

import (
	"cmp"
	"errors"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// plots draws what the tables say should be drawn, as SVG and PNG in dir.
func plots(ts []*table, dir string) error {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	groups := make(map[string][]*table)
	for _, t := range ts {
		if t.drawn.plot != "" {
			groups[t.drawn.plot] = append(groups[t.drawn.plot], t)
		}
	}
	for name, group := range groups {
		f, err := dots(group)
		if group[0].drawn.at != 0 {
			f, err = lines(group)
		}
		if err == nil {
			err = f.save(filepath.Join(dir, name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// figure is plots in rows and columns.
type figure struct {
	plots         [][]*plot.Plot
	width, height vg.Length
	legend        []line // above the plots
}

// line is an entry of the legend.
type line struct {
	name  string
	color color.Color
}

const (
	legendColumns = 4
	legendRow     = 14 // points
)

// drawLegend draws the legend at the top of the canvas and returns the rest.
func (f figure) drawLegend(c draw.Canvas) draw.Canvas {
	rows := (len(f.legend) + legendColumns - 1) / legendColumns
	style := plot.New().Legend.TextStyle
	style.Font.Size = 9
	style.YAlign = text.YCenter
	for i, l := range f.legend {
		x := c.Min.X + 10 + (c.Max.X-c.Min.X)/legendColumns*vg.Length(i%legendColumns)
		y := c.Max.Y - legendRow*vg.Length(i/legendColumns) - legendRow
		c.StrokeLine2(draw.LineStyle{Color: l.color, Width: 2}, x, y, x+14, y)
		c.FillText(style, vg.Point{X: x + 18, Y: y}, l.name)
	}
	return draw.Crop(c, 0, 0, 0, -legendRow*vg.Length(rows)-4)
}

func (f figure) save(base string) error {
	for _, format := range []string{"svg", "png"} {
		c, err := draw.NewFormattedCanvas(f.width, f.height, format)
		if err != nil {
			return err
		}
		tiles := draw.Tiles{
			Rows: len(f.plots), Cols: len(f.plots[0]), PadX: 12, PadY: 12,
			PadTop: 6, PadBottom: 6, PadLeft: 6, PadRight: 12,
		}
		cs := plot.Align(f.plots, tiles, f.drawLegend(draw.New(c)))
		for i, row := range f.plots {
			for j, p := range row {
				if p != nil {
					p.Draw(cs[i][j])
				}
			}
		}
		out, err := os.Create(base + "." + format)
		if err != nil {
			return err
		}
		_, err = c.WriteTo(out)
		if err := errors.Join(err, out.Close()); err != nil {
			return err
		}
	}
	return nil
}

// wheres are the filesystems in the order of the tables.
func wheres(ts []*table) []string {
	var ws []string
	for _, t := range ts {
		if !slices.Contains(ws, t.where) {
			ws = append(ws, t.where)
		}
	}
	return ws
}

// wholeDecades is an axis from the decade of the least to that of the most, and
// of one at least.
func wholeDecades(least, most float64) (low, high float64) {
	low, high = math.Pow(10, math.Floor(math.Log10(least))), math.Pow(10, math.Ceil(math.Log10(most)))
	if low == high {
		high *= 10
	}
	return low, high
}

// decades labels the powers of ten of a logarithmic axis, as they stand in the
// tables.
type decades struct{ unit unit }

func (d decades) Ticks(low, high float64) []plot.Tick {
	var ts []plot.Tick
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		at := math.Pow(10, e)
		label := strconv.FormatFloat(at, 'g', -1, 64)
		if d.unit == duration {
			label = strings.Replace(duration.format(at), ".00", "", 1)
			label = strings.Replace(label, ".0", "", 1)
		}
		ts = append(ts, plot.Tick{Value: at, Label: label})
		for m := 2.0; m < 10; m++ {
			ts = append(ts, plot.Tick{Value: at * m})
		}
	}
	return slices.DeleteFunc(ts, func(t plot.Tick) bool { return t.Value < low*0.999 || t.Value > high*1.001 })
}

// colors: ours are warm and thick, the reference is black, bounds are brown, peers
// are cool.
var colors = map[string]color.Color{
	"soft": color.RGBA{0xd6, 0x27, 0x28, 0xff}, "file": color.RGBA{0xff, 0x7f, 0x0e, 0xff}, "file-norecord": color.RGBA{0xe3, 0xb5, 0x05, 0xff},
	"filelock-run": color.RGBA{0xd6, 0x27, 0x28, 0xff}, "filelock-run-hard": color.RGBA{0xff, 0x7f, 0x0e, 0xff}, "reaper-scan": color.RGBA{0xd6, 0x27, 0x28, 0xff},
	"gofrs": color.RGBA{0x1f, 0x77, 0xb4, 0xff}, "gofrs-retry": color.RGBA{0x6b, 0xae, 0xd6, 0xff}, "lockedfile": color.RGBA{0x17, 0xbe, 0xcf, 0xff},
	"certmagic": color.RGBA{0x2c, 0xa0, 0x2c, 0xff}, "py-soft": color.RGBA{0x94, 0x67, 0xbd, 0xff}, "py-file": color.RGBA{0xc5, 0xb0, 0xd5, 0xff},
}

func colorOf(c *contestant, isRef bool) color.Color {
	if k := colors[cmp.Or(c.of, c.name)]; k != nil && !isRef {
		return k
	}
	if isRef {
		return color.Black
	}
	if strings.HasPrefix(c.title, boundTitle) {
		return color.RGBA{0x8c, 0x56, 0x4b, 0xff}
	}
	return color.Gray{0x80}
}

func plainTitle(c *contestant) string { return strings.ReplaceAll(c.title, "**", "") }
