//go:build linux

package main

import (
	"math"
	"slices"
)

// quantile is that of the samples, between neighbours by proportion; NaN of
// none.
func quantile(samples []float64, q float64) float64 {
	if len(samples) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(samples))
	at := q * float64(len(s)-1)
	low := int(at)
	if low+1 == len(s) {
		return s[low]
	}
	return s[low] + (at-float64(low))*(s[low+1]-s[low])
}

func median(samples []float64) float64 { return quantile(samples, 0.5) }

// p99 is what one of a hundred exceeds.
func p99(samples []float64) float64 { return quantile(samples, 0.99) }

func sum(samples []float64) float64 {
	var s float64
	for _, x := range samples {
		s += x
	}
	return s
}

func mean(samples []float64) float64 { return sum(samples) / float64(len(samples)) }

// jain is Jain's fairness index: 1 when all have the same, 1/n when one has
// everything. NaN when nobody has anything.
func jain(shares []float64) float64 {
	var squares float64
	for _, x := range shares {
		squares += x * x
	}
	return sum(shares) * sum(shares) / (float64(len(shares)) * squares)
}

func floats[T int | int64](xs []T) []float64 {
	fs := make([]float64, len(xs))
	for i, x := range xs {
		fs[i] = float64(x)
	}
	return fs
}
