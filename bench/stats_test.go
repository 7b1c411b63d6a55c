//go:build linux

package main

import (
	"math"
	"testing"
)

func TestQuantilesLieBetweenTheSamples(t *testing.T) {
	var hundred []float64
	for i := range 101 {
		hundred = append(hundred, float64(100-i)) // unsorted on purpose
	}
	for _, c := range []struct {
		samples []float64
		q, want float64
	}{
		{[]float64{7}, 0.99, 7},
		{[]float64{3, 1}, 0.5, 2},
		{[]float64{5, 1, 3}, 0.5, 3},
		{[]float64{4, 1, 3, 2}, 0.5, 2.5},
		{[]float64{4, 1, 3, 2}, 0, 1},
		{[]float64{4, 1, 3, 2}, 1, 4},
		{hundred, 0.99, 99},
		{hundred, 0.5, 50},
	} {
		if got := quantile(c.samples, c.q); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("quantile(%v, %v) = %v, want %v", c.samples, c.q, got, c.want)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing is %v, want NaN", got)
	}
	if hundred[0] != 100 {
		t.Error("quantile sorted what it was given")
	}
}

func TestJainIsOneWhenAllHaveTheSameAndOneNthWhenOneHasAll(t *testing.T) {
	for _, c := range []struct {
		shares []float64
		want   float64
	}{
		{[]float64{5, 5, 5, 5}, 1},
		{[]float64{0, 0, 9, 0}, 0.25},
		{[]float64{1, 3}, 16.0 / 20},
	} {
		if got := jain(c.shares); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("jain(%v) = %v, want %v", c.shares, got, c.want)
		}
	}
	if got := jain([]float64{0, 0}); !math.IsNaN(got) {
		t.Errorf("jain of nobody having anything is %v, want NaN", got)
	}
}
