//go:build linux

package main

import (
	"context"
	"runtime"
	"time"
)

// loop locks and unlocks a path that nobody else wants, and times each.
func (s *server) loop(q request) (reply, error) {
	l, err := s.c.open(q.Path)
	if err != nil {
		return reply{}, err
	}
	took := make([]int64, 0, q.Most)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := time.Now()
	for last := begin; len(took) < q.Most && last.Sub(begin).Nanoseconds() < q.For; {
		if err := l.lock(context.Background()); err != nil {
			return reply{}, err
		}
		if err := l.unlock(); err != nil {
			return reply{}, err
		}
		now := time.Now()
		took = append(took, now.Sub(last).Nanoseconds())
		last = now
	}
	runtime.ReadMemStats(&after)
	n := float64(len(took))
	return reply{
		Took:   took,
		Allocs: float64(after.Mallocs-before.Mallocs) / n,
		Bytes:  float64(after.TotalAlloc-before.TotalAlloc) / n,
	}, nil
}
