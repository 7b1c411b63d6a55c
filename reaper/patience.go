package reaper

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

func (o Options) patience() time.Duration {
	if o.Patience > 0 {
		return o.Patience
	}
	return DefaultPatience
}

// patiently runs fn, which looks at path, and gives up on it after d or when
// ctx is done: a system call on a dead mount cannot be cancelled, so it is left
// to its goroutine. What fn does is one look or one break, each of which
// cleans up after itself whenever it returns.
func patiently(ctx context.Context, d time.Duration, path string, fn func() (Status, error)) (Status, error) {
	if ctx.Err() != nil { // nothing is begun that nobody waits for
		return Status{Path: path}, givenUp(ctx, path)
	}
	return begin(ctx, d, path, fn)
}

// givenUp is the error of a look at path that ctx ended.
func givenUp(ctx context.Context, path string) error {
	return &fs.PathError{Op: "look at", Path: path, Err: context.Cause(ctx)}
}

// begin is patiently that starts fn in any case.
func begin(ctx context.Context, d time.Duration, path string, fn func() (Status, error)) (Status, error) {
	type answer struct {
		st  Status
		err error
	}
	done := make(chan answer, 1)
	go func() {
		st, err := fn()
		done <- answer{st, err}
	}()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case a := <-done:
		return a.st, a.err
	case <-ctx.Done():
		return Status{Path: path}, givenUp(ctx, path)
	case <-t.C:
		return noAnswer(path, d)
	}
}

// noAnswer is what is known of a path that did not answer within d.
func noAnswer(path string, d time.Duration) (Status, error) {
	return Status{Path: path, Exists: true, State: StateUnknown, Judgment: unproven("the path did not answer within "+d.String(), "an answer from the filesystem")},
		&fs.PathError{Op: "look at", Path: path, Err: ErrNoAnswer}
}

// place is an opened directory that stays open for as long as a call that was
// given up on may still use its descriptor: the number must not come to mean
// another directory under that call.
type place struct {
	fsys.Dir
	calls sync.WaitGroup
	left  bool // a call was left behind

	dev    uint64 // of the directory
	inside bool   // dev is known
	class  atomic.Pointer[fsys.Class]
}

// ask is patiently for a look at a name in the directory.
func (p *place) ask(ctx context.Context, d time.Duration, path string, fn func() (Status, error)) (Status, error) {
	if ctx.Err() != nil {
		return Status{Path: path}, givenUp(ctx, path)
	}
	p.calls.Add(1)
	st, err := begin(ctx, d, path, func() (Status, error) {
		defer p.calls.Done()
		return fn()
	})
	finished := err == nil || !errors.Is(err, ErrNoAnswer) && ctx.Err() == nil
	p.left = p.left || !finished
	return st, err
}

// Close closes the directory, at once or when the last call has come back.
func (p *place) Close() error {
	if !p.left {
		return p.Dir.Close()
	}
	go func() {
		p.calls.Wait()
		_ = p.Dir.Close() // nobody is left to tell
	}()
	return nil
}

// opening is a place that open opens within the patience, in parent unless that
// is nil; what it opens later is closed again. There may be a place together
// with an error of something else that open tried.
func opening(ctx context.Context, d time.Duration, parent *place, path string, open func() (fsys.Dir, error)) (*place, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if parent == nil {
		parent = &place{}
	}
	parent.calls.Add(1)
	type answer struct {
		dir fsys.Dir
		err error
	}
	done := make(chan answer, 1)
	go func() {
		defer parent.calls.Done()
		dir, err := open()
		done <- answer{dir, err}
	}()
	t := time.NewTimer(d)
	defer t.Stop()
	err := error(&fs.PathError{Op: "open", Path: path, Err: ErrNoAnswer})
	select {
	case a := <-done:
		if a.dir == nil {
			return nil, a.err
		}
		return &place{Dir: a.dir}, a.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-t.C:
	}
	parent.left = true
	go func() {
		if a := <-done; a.dir != nil {
			_ = a.dir.Close() // nobody is left to tell
		}
	}()
	return nil, err
}
