package filelock_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/filelock-go/filelock/lock"
)

// takeoverBound is the promise: half of the waiters hold the lock so soon
// after its owner was killed. Where other work makes the machine slow it is
// compared with how long the killed process takes to end, which no waiter can
// be faster than.
const (
	takeoverBound = 100 * time.Millisecond
	takeoverRatio = 20
)

func TestWaiterTakesOverAfterKill(t *testing.T) {
	needsSoft(t)
	rounds := 5
	if full() {
		rounds = 15
	}
	var took, ended []time.Duration
	for range rounds {
		path := tempPath(t)
		owner := start(t, "hold", path)
		waits := make(waiting, 1)
		l := lock.NewSoft(path, lock.WithLogger(slog.New(waits)))
		held := make(chan error, 1)
		go func() { held <- l.Lock(bg) }()
		<-waits
		if full() {
			// Not to be ready, but for the number to be that of a long wait:
			// at first a waiter looks more often.
			time.Sleep(200 * time.Millisecond)
		}
		killed := time.Now()
		owner.kill()
		ended = append(ended, time.Since(killed))
		must(t, <-held)
		took = append(took, time.Since(killed))
		must(t, l.Unlock())
	}
	slices.Sort(took)
	slices.Sort(ended)
	median, end := took[len(took)/2], ended[len(ended)/2]
	t.Logf("the waiter had the lock after %v in the median of %d, %v at most; the owner had ended after %v", median, len(took), took[len(took)-1], end)
	if bound := max(takeoverBound, takeoverRatio*end); full() && median > bound {
		t.Errorf("the median is %v, want at most %v", median, bound)
	}
}

// waiting is a log that tells when a call of Lock has begun to wait.
type waiting chan struct{}

func (w waiting) Enabled(context.Context, slog.Level) bool { return true }
func (w waiting) WithAttrs([]slog.Attr) slog.Handler       { return w }
func (w waiting) WithGroup(string) slog.Handler            { return w }
func (w waiting) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "waiting" {
		w <- struct{}{}
	}
	return nil
}
