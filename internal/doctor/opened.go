package doctor

import (
	"context"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// opened is an experiment's open file.
type opened struct {
	fsys.File
	dir  fsys.Dir
	name string
}

// close closes it. The error tells nothing about an experiment that is over.
func (o *opened) close() { _ = o.File.Close() }

// touchUntil touches the file until seen says that it changed, for at most d,
// and returns how often. Once may not do: within one tick of the filesystem's
// clock the time stays the same.
func touchUntil(ctx context.Context, d time.Duration, touch func() error, seen func() (bool, error)) (times int, ok bool, err error) {
	for end := time.Now().Add(d); ; {
		if err := touch(); err != nil {
			return times, false, err
		}
		times++
		if ok, err := seen(); ok || err != nil {
			return times, ok, err
		}
		if time.Now().After(end) {
			return times, false, nil
		}
		if err := pause(ctx, time.Millisecond/2); err != nil {
			return times, false, err
		}
	}
}
