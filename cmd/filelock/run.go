package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
)

// held is what run needs of a lock.
type held interface {
	lock.Locker
	LockWithin(ctx context.Context, d time.Duration) error
	Record() (meta.Record, bool)
	Dup() (*os.File, error)
}

var (
	_ held = (*lock.Soft)(nil)
	_ held = (*lock.File)(nil)
	_ held = sharedFile{}
)

// sharedFile is a File of which the shared lock is meant.
type sharedFile struct{ *lock.File }

func (s sharedFile) Lock(ctx context.Context) error { return s.RLock(ctx) }
func (s sharedFile) TryLock() error                 { return s.TryRLock() }
func (s sharedFile) LockWithin(ctx context.Context, d time.Duration) error {
	return s.RLockWithin(ctx, d)
}

// runLocked is `filelock run` with its command line understood.
func (a *app) runLocked(ctx context.Context, f *runFlags) error {
	// Meanwhile: that takes as long as all the rest until the lock is taken, most
	// of it with waiting for other threads.
	caught := make(chan *signals, 1)
	go func() { caught <- catchSignals() }()
	// Looked for first: a lock that nothing can be done under is not taken.
	program, err := lookPath(f.argv[0])
	if err != nil {
		a.signals = <-caught
		next := noCommandHint
		if f.hasString {
			next = noShellHint
		}
		return &codeError{code: exitNoCommand, err: err, next: next}
	}
	a.network = f.network && !f.hard
	l := f.locker(a)
	// From here on there may be a lock to undo.
	a.signals = <-caught
	take := func(ctx context.Context) error { return l.LockWithin(ctx, f.wait) }
	if err := obtain(ctx, a.signals, take, l.Unlock); err != nil {
		if exitCodeOf(err) == exitConflict {
			return f.conflictError(a, err)
		}
		return err
	}
	c, err := a.startUnder(l, f, program)
	if err != nil {
		return errors.Join(&codeError{code: exitNoCommand, err: fmt.Errorf("execute %q: %w", program, err), next: startHint(err)}, l.Unlock())
	}
	code := a.attend(c, l.Lost(), f.onLost, a.signals)
	return a.released(l.Unlock(), code, f.onLost)
}

// lookPath finds COMMAND as execvp(3) does: unlike package exec it accepts
// what $PATH finds in the current directory, for that is what the user's shell
// and flock(1) do.
func lookPath(name string) (string, error) {
	program, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrDot) {
		err = nil
	}
	if err != nil {
		var why *exec.Error
		if errors.As(err, &why) {
			err = why.Err
		}
		return "", fmt.Errorf("execute %q: %w", name, err)
	}
	return program, nil
}

// atOnce: what takes no longer than this is not yet a wait.
const atOnce = 2 * time.Millisecond

// obtain calls take, which takes a lock, or ends with a *signalError when one
// of the signals comes first: then nothing is held, for what take took is
// undone.
//
// Most locks are had at once, so only a wait has a goroutine that heeds the
// signals meanwhile.
func obtain(ctx context.Context, s *signals, take func(context.Context) error, undo func() error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var ended *signalError
	end := func(sig os.Signal) {
		if n, ok := endsWait(sig); ok && ended == nil {
			ended = &signalError{n}
			cancel(ended)
		}
	}
	over, heeded := make(chan struct{}), make(chan struct{})
	wait := time.AfterFunc(atOnce, func() {
		defer close(heeded)
		s.catchRest(over)
		for {
			select {
			case sig := <-s.c:
				end(sig)
			case <-over:
				return
			}
		}
	})
	err := take(ctx)
	close(over)
	if !wait.Stop() {
		<-heeded
	}
	for came := true; came; { // with the lock: there is nobody yet to pass it on to
		select {
		case sig := <-s.c:
			end(sig)
		default:
			came = false
		}
	}
	switch {
	case ended == nil:
		return err
	case err == nil:
		if uerr := undo(); uerr != nil {
			return errors.Join(ended, uerr)
		}
	}
	return ended
}

// startUnder starts COMMAND with the lock's descriptor, unless the flags say
// otherwise.
func (a *app) startUnder(l held, f *runFlags, program string) (*child, error) {
	p := childPlan{program: program, argv: f.argv, line: f.line, env: environment(l)}
	if !f.close {
		file, err := l.Dup()
		switch {
		case err == nil:
			p.lock = file
		case !errors.Is(err, errors.ErrUnsupported):
			return nil, err
		}
	}
	// Without the lock's descriptor COMMAND would go on without the lock when
	// run is killed.
	p.dieWithParent = p.lock == nil
	c, err := a.start(p)
	if p.lock != nil {
		// COMMAND has its own; the lock object keeps another.
		if cerr := p.lock.Close(); cerr != nil {
			a.say("close the lock's descriptor: %v", cerr)
		}
	}
	return c, err
}

// environment is COMMAND's, but for FILELOCK_FD. What an outer run set is
// replaced or removed: it is not about this lock.
func environment(l held) []string {
	var env []string
	for _, kv := range os.Environ() {
		switch k, _, _ := strings.Cut(kv, "="); k {
		case "FILELOCK_PATH", "FILELOCK_TOKEN", "FILELOCK_FD", "FILELOCK_FENCE":
		default:
			env = append(env, kv)
		}
	}
	env = append(env, "FILELOCK_PATH="+l.Path())
	if r, ok := l.Record(); ok {
		env = append(env, "FILELOCK_TOKEN="+r.Token)
		if r.Fence > 0 {
			env = append(env, "FILELOCK_FENCE="+strconv.FormatUint(r.Fence, 10))
		}
	}
	return env
}

// killAfter is how long COMMAND has to end after TERM when the lock is lost.
const killAfter = 5 * time.Second

// attend waits for COMMAND, passes signals on, and ends it when the lock is
// lost. It returns COMMAND's exit code.
func (a *app) attend(c *child, lost <-chan struct{}, onLost string, s *signals) exitCode {
	var kill <-chan time.Time
	for {
		select {
		case code := <-c.done:
			return code
		case sig := <-s.c:
			if forwards(sig) {
				_ = c.process.signal(sig) // it has just ended: then done says so
			}
		case <-lost:
			lost = nil
			switch onLost {
			case lostIgnore:
				a.say("the lock was lost; COMMAND goes on")
				continue
			case lostTerm:
				if c.process.terminate() == nil {
					a.say("the lock was lost: COMMAND is told to end")
					timer := time.NewTimer(killAfter)
					defer timer.Stop()
					kill = timer.C
					continue
				}
			}
			a.say("the lock was lost: COMMAND is killed")
			_ = c.process.kill()
		case <-kill:
			_ = c.process.kill()
		}
	}
}

// released makes run's exit code of COMMAND's and of how the release went.
func (a *app) released(err error, code exitCode, onLost string) error {
	switch {
	case err == nil:
	case errors.Is(err, lock.ErrLost):
		a.say("%v: while COMMAND ran, another may have had the lock", err)
		if onLost != lostIgnore {
			return &codeError{code: exitLost}
		}
	case errors.Is(err, fs.ErrPermission):
		a.say("%v", err)
		a.hint("the lock file stays, but counts as dead from now on: the next to want the lock removes it, or filelock break")
	default:
		// The kernel's lock is gone with the descriptor in any case.
		a.say("%v", err)
	}
	if code == exitOK {
		return nil
	}
	return &codeError{code: code}
}
