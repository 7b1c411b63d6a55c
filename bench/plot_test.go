//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tableOf has a column x in each of two places.
func tableOf(at float64, ours ...outcome) []*table {
	var ts []*table
	for _, where := range []string{"tmpfs", "ext4"} {
		ts = append(ts, &table{
			where: where, ref: "flock",
			columns: []column{{key: "x", title: "the figure"}},
			entries: []*entry{{c: mustContestant("flock")}, {c: mustContestant("soft"), outs: ours}},
			drawn:   drawing{plot: "p", title: "the title", by: []string{"x"}, at: at, x: "processes"},
		})
	}
	return ts
}

func TestPlotsAreDrawnWhateverTheFiguresAre(t *testing.T) {
	for name, ts := range map[string][]*table{
		"dots":            tableOf(0, outcome{values: map[string]float64{"x": 5e3}}),
		"dots of nobody":  tableOf(0),
		"dots of nothing": tableOf(0, outcome{values: map[string]float64{"x": 0}}),
		"lines":           append(tableOf(2, outcome{values: map[string]float64{"x": 1e6}}), tableOf(8, outcome{values: map[string]float64{"x": 5e6}})...),
		"line of a point": tableOf(2, outcome{values: map[string]float64{"x": 1e6}}),
		"lines of nobody": append(tableOf(2), tableOf(8)...),
	} {
		dir := t.TempDir()
		if err := plots(ts, dir); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		svg, err := os.ReadFile(filepath.Join(dir, "p.svg"))
		if err != nil || !strings.Contains(string(svg), "the title") {
			t.Errorf("%s: %v: %.200s", name, err, svg)
		}
		if png, err := os.ReadFile(filepath.Join(dir, "p.png")); err != nil || !strings.HasPrefix(string(png), "\x89PNG") {
			t.Errorf("%s: %v: %.20q", name, err, png)
		}
	}
}
