//go:build linux

package main

import (
	"context"
	"errors"
	"sync"
	"time"
)

// contend locks, holds and unlocks again and again until the time is over. A
// wait that has not ended by then counts with what it has lasted, so that who
// never gets the lock is seen.
func (s *server) contend(q request) (reply, error) {
	l, err := s.c.open(q.Path)
	if err != nil {
		return reply{}, err
	}
	pauseUntil(q.At)
	cpu := cpuTime()
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(q.Until-monotonic()))
	defer cancel()
	took, n, err := contend(ctx, l, q.Until, time.Duration(q.Section))
	return reply{Took: took, Counts: []int{n}, CPU: cpuTime() - cpu}, err
}

func contend(ctx context.Context, l locker, until int64, section time.Duration) (took []int64, n int, err error) {
	for {
		asked := monotonic()
		if asked >= until {
			return took, n, nil
		}
		err := l.lock(ctx)
		got := monotonic()
		took = append(took, min(got, until)-asked)
		if err != nil {
			if ctx.Err() != nil { // whatever it is called
				err = nil
			}
			return took, n, err
		}
		if got < until {
			n++
			if section > 0 {
				pause(section)
			}
		}
		if err := l.unlock(); err != nil {
			return took, n, err
		}
	}
}

// goroutines contend in this process, each with a handle of its own.
func (s *server) goroutines(q request) (reply, error) {
	owners := make([]locker, q.N)
	for i := range owners {
		var err error
		if owners[i], err = s.c.open(q.Path); err != nil {
			return reply{}, err
		}
	}
	var (
		wg     sync.WaitGroup
		counts = make([]int, q.N)
		took   = make([][]int64, q.N)
		errs   = make([]error, q.N)
	)
	cpu, begin := cpuTime(), monotonic()
	until := begin + q.For
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(q.For))
	defer cancel()
	for i, l := range owners {
		wg.Go(func() { took[i], counts[i], errs[i] = contend(ctx, l, until, 0) })
	}
	wg.Wait()
	r := reply{Counts: counts, For: q.For, CPU: cpuTime() - cpu}
	for _, t := range took {
		r.Took = append(r.Took, t...)
	}
	return r, errors.Join(errs...)
}
