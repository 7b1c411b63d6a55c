// Package doctor finds out by experiment what a directory can be trusted with:
// it makes files there, locks them, touches them and removes them, in this
// process, in a second one and, if asked, together with a partner on another
// host, and says what came of it.
//
// Everything happens in one directory of the doctor's own below the one that
// is examined, which is gone at the end. Every experiment is bounded: one that
// gets no answer is given up, and its system call is left to its goroutine.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// Result is what came of one check.
type Result struct {
	Check string `json:"check"`
	// OK: true, false, or nil when it could not be tried or does not apply.
	OK     *bool  `json:"ok"`
	Detail string `json:"detail"` // for people
}

// Kind is what a directory may be trusted with.
type Kind string

// The kinds of locks. The check of that name is the conclusion about it.
const (
	Soft  Kind = "soft"
	Hard  Kind = "hard"
	Lease Kind = "lease"
)

// Kinds are all of them.
var Kinds = []Kind{Soft, Hard, Lease}

// Options says what is to be found out, and how.
type Options struct {
	// For is what the directory is to be trusted with. None: all that make sense
	// there, which is everything on a local filesystem, and elsewhere soft locks
	// and leases, and hard locks if there is a partner to try them with.
	For []Kind
	// Peers: find a partner, who runs the same on another host, and try with him
	// what one host cannot show.
	Peers bool
	// Wait is how long the partner may take to come, and later for each answer.
	// 0 is DefaultWait; it is at most MostWait.
	Wait time.Duration
	// Patience is what each check has to be answered; 0 is DefaultPatience. It is
	// at most MostWait too.
	Patience time.Duration
	// Second makes the command that runs Serve for the directory it is given, as
	// another process. Without it what needs one is not tried.
	Second func(dir string) *exec.Cmd
	// Waiting, unless nil, is called when the wait for the partner begins.
	Waiting func()
	// FS is the filesystem; nil is the real one. What it lacks (links,
	// directories) is done to the real one in any case.
	FS fsys.FS
}

const (
	DefaultPatience = 10 * time.Second
	DefaultWait     = 60 * time.Second
	// MostWait keeps a run shorter than abandonedAfter, from when on a later one
	// may clear away what is left of it.
	MostWait = 10 * time.Minute
)

// finding is a Result without its name.
type finding struct {
	ok     *bool
	detail string
}

var yes, no = true, false

func good(format string, args ...any) finding { return finding{&yes, fmt.Sprintf(format, args...)} }
func bad(format string, args ...any) finding  { return finding{&no, fmt.Sprintf(format, args...)} }
func untried(format string, args ...any) finding {
	return finding{nil, fmt.Sprintf(format, args...)}
}

// failed is the finding of an experiment that an error ended.
func failed(err error) finding {
	if errors.Is(err, errNoSecond) {
		return untried("not tried: %v", err)
	}
	return bad("it failed: %v", err)
}

// check is one experiment.
type check struct {
	name string
	try  func(ctx context.Context) finding
}

// run is one examination under way.
type run struct {
	o      Options
	report func(Result)
	found  map[string]finding
	silent bool // something got no answer: nothing more is asked
}

// Run examines a directory and reports each check as soon as it is known, the
// conclusions last. It returns whether the directory can be trusted with
// everything that was asked. An error means that there is no examination: no
// such directory, no right to make files in it; the end of ctx (its cause); or
// that something could not be cleared away.
func Run(ctx context.Context, dir string, o Options, report func(Result)) (trusted bool, err error) {
	if o.Patience <= 0 {
		o.Patience = DefaultPatience
	}
	if o.Wait <= 0 {
		o.Wait = DefaultWait
	}
	o.Wait, o.Patience = min(o.Wait, MostWait), min(o.Patience, MostWait)
	if o.FS == nil {
		o.FS = fsys.Real
	}
	r := &run{o: o, report: report, found: make(map[string]finding)}

	var b *bench
	var berr error
	answered := bounded(ctx, o.Patience, func(context.Context) { b, berr = newBench(dir, o) }, func() {
		if berr == nil {
			_ = b.clear() // nobody is left to tell
		}
	})
	switch {
	case !answered && ctx.Err() != nil:
		return false, context.Cause(ctx)
	case !answered:
		r.silent = true
		r.say(checkFilesystem, bad("no answer within %s from %s", o.Patience, mute(dir)))
		return r.conclude(nil), nil
	case berr != nil:
		return false, berr
	}
	defer func() {
		if cerr := clearWithin(o.Patience, b.outside, b.clear); err == nil {
			err = cerr
		}
	}()

	for _, c := range b.checks() {
		r.try(ctx, o.Patience, c)
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
	}
	if o.Peers {
		r.peers(ctx, b)
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
	}
	return r.conclude(b), nil
}

// mute says what it is that does not answer, without asking it.
func mute(dir string) string {
	m, err := fsys.MountByName(dir)
	if err != nil || m.Point == "" {
		return fmt.Sprintf("%q: is its server gone?", dir)
	}
	if m.Server != "" {
		return fmt.Sprintf("%q, which is %q at %q, type %s: is the server %s gone?", dir, m.Source, m.Point, m.Type, m.Server)
	}
	return fmt.Sprintf("%q, which is %q at %q, type %s", dir, m.Source, m.Point, m.Type)
}

func (r *run) say(name string, f finding) {
	r.found[name] = f
	r.report(Result{Check: name, OK: f.ok, Detail: f.detail})
}

// try makes one check within its time.
func (r *run) try(ctx context.Context, patience time.Duration, c check) {
	if r.silent {
		r.say(c.name, untried("not tried: the filesystem gave no answer before"))
		return
	}
	var f finding
	answered := bounded(ctx, patience, func(ctx context.Context) { f = c.try(ctx) }, nil)
	switch {
	case ctx.Err() != nil: // the end, not an answer
	case !answered:
		r.silent = true
		r.say(c.name, bad("no answer within %s", patience))
	default:
		r.say(c.name, f)
	}
}

// ok says whether a check came out well; false also when it was not tried.
func (r *run) ok(name string) bool {
	f := r.found[name]
	return f.ok != nil && *f.ok
}

// bad says whether a check came out badly.
func (r *run) bad(name string) bool {
	f := r.found[name]
	return f.ok != nil && !*f.ok
}

// grace is what an experiment has to come back when its time is over.
const grace = time.Second

// bounded calls fn and gives up on it after d, or when ctx ends: a system call
// on a dead mount cannot be cancelled. Only when it returns true may what fn
// writes be looked at. late is called, in fn's goroutine, if fn comes back
// after all.
func bounded(ctx context.Context, d time.Duration, fn func(context.Context), late func()) bool {
	ctx, cancel := context.WithTimeout(ctx, d)
	done, left := make(chan struct{}), make(chan struct{})
	go func() {
		defer cancel()
		fn(ctx)
		select {
		case <-left:
			if late != nil {
				late()
			}
		case done <- struct{}{}:
		}
	}()
	select {
	case <-done:
		return true
	case <-ctx.Done():
	}
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		close(left)
		return false
	}
}

// pause sleeps for d, or less if ctx ends; it returns ctx's error then.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// sentence joins what is to be said.
func sentence(parts ...string) string {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, "; ")
}
