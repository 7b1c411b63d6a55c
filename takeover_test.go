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
// after its owner was killed.
const takeoverBound = 100 * time.Millisecond

func TestWaiterTakesOverAfterKill(t *testing.T) {
	needsSoft(t)
	rounds := 5
	if full() {
		rounds = 15
	}
	var took []time.Duration
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
		must(t, <-held)
		took = append(took, time.Since(killed))
		must(t, l.Unlock())
	}
	slices.Sort(took)
	median := took[len(took)/2]
	t.Logf("the waiter had the lock after %v in the median of %d, %v at most", median, len(took), took[len(took)-1])
	if full() && median > takeoverBound {
		t.Errorf("the median is %v, want at most %v", median, takeoverBound)
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
