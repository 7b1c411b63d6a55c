//go:build linux

package main

import (
	"context"
	"math"
	"testing"
	"time"
)

// rationed lets a contestant have the lock a number of times, then never.
type rationed struct{ left, unlocked int }

func (l *rationed) lock(ctx context.Context) error {
	if l.left == 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	l.left--
	return nil
}

func (l *rationed) unlock() error {
	l.unlocked++
	return nil
}

func TestWhoStillWaitsAtTheEndCountsWithItsWaitAndWithNoAcquisition(t *testing.T) {
	l := &rationed{left: 3}
	const d = 50 * time.Millisecond
	until := monotonic() + d.Nanoseconds()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	took, n, err := contend(ctx, l, until, 0)
	if err != nil || n != 3 || l.unlocked != 3 || len(took) != 4 {
		t.Errorf("%d acquisitions, %d unlocks, waits %v, %v; want 3, 3, 4 waits, nil", n, l.unlocked, took, err)
	}
	if last := time.Duration(took[len(took)-1]); last > d {
		t.Errorf("the last wait is %v, longer than everything took", last)
	}
}

// late gives the lock when the time is over already.
type late struct{ rationed }

func (l *late) lock(ctx context.Context) error {
	<-ctx.Done()
	pause(time.Millisecond)
	return nil
}

func TestALockAfterTheEndIsNoAcquisitionAndIsReleased(t *testing.T) {
	l := &late{}
	until := monotonic() + time.Millisecond.Nanoseconds()
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	took, n, err := contend(ctx, l, until, 0)
	if err != nil || n != 0 || l.unlocked != 1 || len(took) != 1 {
		t.Errorf("%d acquisitions, %d unlocks, waits %v, %v; want 0, 1, 1 wait, nil", n, l.unlocked, took, err)
	}
}

func TestTheFiguresOfContention(t *testing.T) {
	o := contention(reply{
		Counts: []int{30, 10}, Took: []int64{100, 300, 800}, For: (2 * time.Second).Nanoseconds(), CPU: 4000,
	})
	for key, want := range map[string]float64{"rate": 20, "jain": 1600.0 / 2000, "longest": 800, "uneven": 2, "cpu": 100} {
		if got := o.values[key]; math.Abs(got-want) > 1e-9 {
			t.Errorf("%s is %v, want %v", key, got, want)
		}
	}
	nobody := contention(reply{Counts: []int{0, 0}, For: 1})
	if rate, jain := nobody.values["rate"], nobody.values["jain"]; rate != 0 || !math.IsNaN(jain) {
		t.Errorf("nobody had the lock: rate %v, Jain's index %v; want 0 and none", rate, jain)
	}
}
