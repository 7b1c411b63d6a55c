//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// recorder is an entry that notes when it is run. It fails in a round, never
// if that is negative.
func recorder(name string, log *[]string, failsIn int) *entry {
	e := &entry{c: &contestant{name: name, title: name}}
	rounds := 0
	e.slice = func() (outcome, error) {
		*log = append(*log, name)
		rounds++
		if rounds-1 == failsIn {
			return outcome{}, errors.New("broke")
		}
		return outcome{values: map[string]float64{"x": float64(rounds)}}, nil
	}
	e.stop = func() { *log = append(*log, "stop "+name) }
	return e
}

func TestEachRoundHasEveryEntryInAnotherOrder(t *testing.T) {
	var log []string
	es := []*entry{recorder("a", &log, -1), recorder("b", &log, -1), recorder("c", &log, -1)}
	rotate(context.Background(), io.Discard, "test", 6, es)
	seen := make(map[string]bool)
	first := make(map[string]int)
	for r := range 6 {
		order := log[3*r : 3*r+3]
		if s := slices.Sorted(slices.Values(order)); !slices.Equal(s, []string{"a", "b", "c"}) {
			t.Errorf("round %d ran %v", r, order)
		}
		seen[strings.Join(order, "")] = true
		first[order[0]]++
	}
	if len(seen) != 6 {
		t.Errorf("six rounds had %d orders: %v", len(seen), log)
	}
	for name, n := range first {
		if n != 2 {
			t.Errorf("%s was first %d times of 6", name, n)
		}
	}
	if got := log[18:]; !slices.Equal(got, []string{"stop a", "stop b", "stop c"}) {
		t.Errorf("at the end: %v", got)
	}
}

func TestWhoFailsIsStoppedAtOnceAndTheOthersGoOn(t *testing.T) {
	var log []string
	bad, good := recorder("bad", &log, 1), recorder("good", &log, -1)
	rotate(context.Background(), io.Discard, "test", 4, []*entry{good, bad})
	if len(good.outs) != 4 || good.failed != nil {
		t.Errorf("the other has %d rounds, %v", len(good.outs), good.failed)
	}
	if n := strings.Count(strings.Join(log, " "), "stop bad"); n != 1 {
		t.Errorf("it was stopped %d times: %v", n, log)
	}
	if want := "good bad good bad stop bad good good stop good"; strings.Join(log, " ") != want {
		t.Errorf("%q, want %q", strings.Join(log, " "), want)
	}
	tb := table{ref: "good", columns: []column{{key: "x", title: "x", unit: plain}}, entries: []*entry{good, bad}}
	if md := tb.markdown(); !strings.Contains(md, "| bad | failed in round 2: broke |") {
		t.Errorf("the table does not say so:\n%s", md)
	}
}

func TestARatioIsTheMedianOfTheRoundsRatios(t *testing.T) {
	of := func(name string, xs ...float64) *entry {
		e := &entry{c: &contestant{name: name, title: name}}
		for _, x := range xs {
			e.outs = append(e.outs, outcome{values: map[string]float64{"x": x}})
		}
		return e
	}
	// The machine was slow in the second round: no ratio knows.
	ref, e := of("ref", 10, 1000, 10), of("e", 20, 2000, 30)
	c := column{key: "x", title: "x", ratio: ofRounds}
	if got := fmt.Sprint(c.ratios(e, ref)); got != "[2 2 3]" {
		t.Errorf("ratios are %s", got)
	}
	if got := c.ratioCell(e, ref); got != "2.00 (2.00-2.50)" {
		t.Errorf("the cell is %q", got)
	}
	if got := c.overall(e); got != 30 {
		t.Errorf("overall %v, want the median, 30", got)
	}
}

func TestFiguresAreShownWithThreeDigits(t *testing.T) {
	for _, c := range []struct {
		u    unit
		x    float64
		want string
	}{
		{duration, 15.71e3, "15.7 µs"},
		{duration, 950, "950 ns"},
		{duration, 75.7e9, "75.7 s"},
		{rate, 38043.4, "38043"},
		{plain, 0.0821, "0.0821"},
		{plain, 1, "1.00"},
		{size, 12 << 20, "12.0 MiB"},
	} {
		if got := c.u.format(c.x); got != c.want {
			t.Errorf("%v is shown as %q, want %q", c.x, got, c.want)
		}
	}
}
