package reaper

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// A walk looks ahead: while its caller has one lock in hand, goroutines look at
// the files that come next in the directory, a batch of them each. What they
// found is reported by the walk's own goroutine, in the directory's order.
//
// A look may hang in a system call that nothing can cancel, so nobody ever
// waits for a look without a bound: when the file that a batch is at has had its
// patience, the batch is left to its goroutine, which touches nothing any more
// when it comes back, and the files after that one are given to another.

const (
	// The first batches of a directory are small, so that there is something to
	// report soon and something to do for each processor; the later ones are large,
	// so that a goroutine is busy while another is not scheduled for milliseconds.
	fewFiles = 8
	// mostAhead is how many files are looked at ahead at most, all batches
	// together, and mostKept the bytes of them that are kept for the caller: what
	// is in a file, and how long its path is, is a stranger's choice.
	mostAhead = 2048
	mostKept  = mostAhead * 2 << 10
	// resultsEvery is how long a batch may keep what it has found, where each
	// look takes its time.
	resultsEvery = 50 * time.Millisecond
	// freshFor is how long what was found may wait for the caller's loop; then it
	// is looked at again.
	freshFor = time.Second
	// grace is how long the looks in hand have to come back when the context is
	// done; then they are left behind.
	grace = 50 * time.Millisecond
	// notLooked is as of a time before any walk, too old to be reported.
	notLooked = -2 * freshFor
)

// batches is how many are looked at at once: enough for every processor, while
// the oldest is being reported, and a bound on threads in system calls.
var batches = 2 * min(runtime.GOMAXPROCS(0), 4)

type finding struct {
	st     Status
	isLock bool
	err    error
	asOf   time.Duration // when the look began, in the walk's time
}

type batch struct {
	names []string
	found []finding // one for each name
	next  int       // of the names: what is to be reported next
	again bool      // these are looked at because it is their turn
	desk  desk

	// looked is how many of the names have been looked at: what was found about
	// these is the reader's, the rest the looking goroutine's; leftBehind when
	// all of it is that goroutine's, for good.
	looked atomic.Int32
	since  atomic.Int64  // when the look in hand began, in the walk's time; set before looked
	done   chan struct{} // closed when the goroutine ends
}

const leftBehind = -1

// queue are the batches of the directory that is being walked.
type queue struct {
	filling *batch   // gets more names, nil if there are none
	files   int      // that it gets
	sent    []*batch // oldest first
	idle    []*batch // to be used again
	stopped atomic.Bool
}

func (w *walker) elapsed() time.Duration { return time.Since(w.begun) }

// file has one regular file looked at, sooner or later. This is where side files
// of locks would be told by their names.
func (w *walker) file(d *place, name string) (more bool) {
	if w.q.filling == nil {
		w.q.filling = w.newBatch()
	}
	b := w.q.filling
	b.names = append(b.names, name)
	if len(b.names) < max(w.q.files, fewFiles) {
		return true
	}
	w.send(d)
	w.q.files = min(2*len(b.names), mostAhead/batches)
	return len(w.q.sent) < batches || w.reportOldest(d)
}

func (w *walker) send(d *place) {
	if b := w.q.filling; b != nil {
		w.q.filling = nil
		w.q.sent = append(w.q.sent, b)
		w.start(d, b)
	}
}

// drain reports everything that was met so far.
func (w *walker) drain(d *place) (more bool) {
	w.send(d)
	w.q.files = 0
	for len(w.q.sent) > 0 {
		if !w.reportOldest(d) {
			return false
		}
	}
	return true
}

// stop ends what was begun ahead and waits for the looks in hand, whose results
// nobody wants any more. Each has the rest of its patience. There are none when
// the directory was walked to its end.
func (w *walker) stop(d *place) {
	if len(w.q.sent) == 0 {
		return
	}
	w.q.stopped.Store(true)
	ctx := w.ctx
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
	}
	for _, b := range w.q.sent {
		if _, err := w.await(ctx, d, b, len(b.names)); err != nil {
			d.left = true
		}
	}
	w.q.sent, w.q.filling = nil, nil
}

func (w *walker) newBatch() *batch {
	if n := len(w.q.idle); n > 0 {
		b := w.q.idle[n-1]
		w.q.idle = w.q.idle[:n-1]
		b.names, b.next, b.again = b.names[:0], 0, false
		b.looked.Store(0)
		return b
	}
	return &batch{}
}

func (w *walker) start(d *place, b *batch) {
	b.done = make(chan struct{})
	b.found = slices.Grow(b.found[:0], len(b.names))[:len(b.names)]
	b.since.Store(int64(w.elapsed()))
	d.calls.Add(1)
	go func() {
		defer d.calls.Done()
		defer close(b.done)
		w.lookAt(d, b)
	}()
}

// lookAt looks at a batch's files, but leaves those that there is no room for
// until it is their turn to be reported.
func (w *walker) lookAt(d *place, b *batch) {
	kept := 0
	began := b.since.Load()
	for i, name := range b.names {
		if w.q.stopped.Load() {
			return
		}
		f := &b.found[i]
		if kept < mostKept/batches {
			f.st, f.isLock, f.err = w.listed(d, name, &b.desk)
			f.asOf = time.Duration(began)
			kept += len(f.st.Raw) + len(f.st.Path)
		} else {
			*f = finding{asOf: notLooked}
		}
		began = int64(w.elapsed())
		b.since.Store(began)
		if !b.looked.CompareAndSwap(int32(i), int32(i+1)) {
			return // left behind
		}
	}
}

// await returns how many names of a batch have been looked at, once that is
// more than i or the goroutine has ended. The error is ErrNoAnswer when the look
// in hand had its patience, and the batch is left behind then; or that ctx is
// done.
func (w *walker) await(ctx context.Context, d *place, b *batch, i int) (looked int, err error) {
	for {
		now := b.looked.Load()
		if int(now) > i {
			return int(now), nil
		}
		left := w.o.patience() - (w.elapsed() - time.Duration(b.since.Load()))
		if left <= 0 && b.looked.CompareAndSwap(now, leftBehind) {
			d.left = true
			return 0, ErrNoAnswer
		}
		w.timer.Reset(min(max(left, 0), resultsEvery))
		select {
		case <-b.done:
			return int(b.looked.Load()), nil
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case <-w.timer.C:
		}
	}
}

// reportOldest reports the oldest batch, and what is looked at instead of it.
func (w *walker) reportOldest(d *place) (more bool) {
	for others := len(w.q.sent) - 1; len(w.q.sent) > others; {
		if !w.reportSome(d, w.q.sent[0]) {
			return false
		}
	}
	return true
}

// reportSome reports what has been found of the oldest batch, b.
func (w *walker) reportSome(d *place, b *batch) (more bool) {
	looked, err := w.await(w.ctx, d, b, b.next)
	switch {
	case w.ctx.Err() != nil:
		return w.giveUp(d, b.names[b.next])
	case err != nil:
		name := b.names[b.next]
		w.lookInstead(d, b, b.names[b.next+1:], false)
		st, err := noAnswer(join(d, name), w.o.patience())
		return w.visit(d, name, st, err)
	}
	for ; b.next < looked; b.next++ {
		if w.ctx.Err() != nil {
			return w.giveUp(d, b.names[b.next])
		}
		// Of what is looked at again the first is reported however old it is, or a
		// walk whose looks are slow would never go on.
		f := &b.found[b.next]
		if w.elapsed()-f.asOf > freshFor && !(b.again && b.next == 0) {
			names := b.names[b.next:looked]
			if b.next = looked; looked == len(b.names) {
				<-b.done
			}
			w.lookInstead(d, b, names, true)
			return true
		}
		if !w.report(d, b.names[b.next], f) {
			return false
		}
	}
	if b.next == len(b.names) {
		<-b.done // all was looked at, so it has nothing more to do
		w.q.sent = slices.Delete(w.q.sent, 0, 1)
		if len(w.q.idle) < batches {
			w.q.idle = append(w.q.idle, b)
		}
	}
	return true
}

// lookInstead has names looked at that were in the oldest batch, b, and are
// reported before what is left of it, if anybody still looks at that.
func (w *walker) lookInstead(d *place, b *batch, names []string, again bool) {
	if !again || b.next == len(b.names) {
		w.q.sent = slices.Delete(w.q.sent, 0, 1)
	}
	if len(names) > 0 {
		instead := &batch{names: slices.Clone(names), again: again}
		w.q.sent = slices.Insert(w.q.sent, 0, instead)
		w.start(d, instead)
	}
}

// giveUp says that the walk ends before name because the context is done.
func (w *walker) giveUp(d *place, name string) (more bool) {
	path := join(d, name)
	w.visit(nil, "", Status{Path: path}, givenUp(w.ctx, path))
	return false
}

func (w *walker) report(d *place, name string, found *finding) (more bool) {
	f := *found
	*found = finding{} // it is the caller's now
	switch {
	case errors.Is(f.err, fs.ErrNotExist), errors.Is(f.err, fsys.ErrIrregular):
		return true // gone or replaced since it was listed
	case f.err == nil && (!f.isLock || !f.st.Exists):
		return true
	}
	return w.visit(d, name, f.st, f.err)
}
