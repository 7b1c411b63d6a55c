//go:build unix

package faults_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/reaper"
)

// stage is one run: what lies at path, and one player whose calls go wrong.
type stage struct {
	dir, path  string
	ctx        context.Context
	cancel     context.CancelFunc
	fs         *faults.FS
	host       *host.Host
	tokens     []string // that the player was given
	spot       spot
	lies       []byte // what lay at path at the beginning; nil if nothing did
	other      lock.Locker
	dups       []*os.File      // what a child of the player's has
	granted    string          // a token with which the player's lock is to be revoked
	hit        map[string]bool // calls that went wrong
	unanswered bool            // a call to the lock may still be under way
	errs       []error
}

func (s *stage) fail(format string, args ...any) {
	s.errs = append(s.errs, fmt.Errorf(format, args...))
}

// set prepares a stage. The faults are decided on by decide from the player's
// first call on.
func set(t *testing.T, dir string, at spot, decide func(faults.Call) faults.Fault) *stage {
	t.Helper()
	s := &stage{dir: dir, path: filepath.Join(dir, "job.lock"), spot: at}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.hit = make(map[string]bool)
	s.fs = faults.On(fsys.Real, func(c faults.Call) (wrong faults.Fault) {
		if decide != nil {
			wrong = decide(c)
		}
		s.hit[c.Op] = s.hit[c.Op] || wrong.Err != nil
		return wrong
	})
	s.host = worldOf(s.fs)
	s.host.NewToken = func() string {
		s.tokens = append(s.tokens, uuid.NewString())
		return s.tokens[len(s.tokens)-1]
	}
	at.set(t, s)
	b, err := os.ReadFile(s.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	s.lies = b
	return s
}

// named checks that an error says which call on which path it is about, in
// each of its lines.
func (s *stage) named(what string, err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if !strings.Contains(line, s.dir) {
			s.fail("%s: the error does not name the path: %q", what, err)
		}
	}
	var pe *fs.PathError
	var he *lock.HeldError
	switch {
	case errors.As(err, &he) && he.Path == s.path:
	case errors.As(err, &pe) && pe.Op != "" && strings.HasPrefix(pe.Path, s.dir):
	case errors.Is(err, lock.ErrLost), errors.Is(err, reaper.ErrChanged), errors.Is(err, reaper.ErrRefused), errors.Is(err, lock.ErrNotLockFile):
	case errors.Is(err, context.Canceled): // on entry
	default:
		s.fail("%s: %T names no call: %q", what, err, err)
	}
}

// file is what lies at path now.
func (s *stage) file() (b []byte, there bool) {
	b, err := os.ReadFile(s.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.fail("%w", err)
	}
	return b, err == nil
}

// took checks what taking the lock came to: held and known, or not held.
func (s *stage) took(l lock.Locker, err error) bool {
	if l.Locked() != (err == nil) {
		s.fail("Locked is %v after %v", l.Locked(), err)
	}
	if err != nil {
		s.refused("lock", err)
		return false
	}
	if s.other != nil {
		s.fail("two owners at once")
	}
	s.excludes("the lock that was taken")
	return true
}

// refused takes note of an error of taking the lock.
func (s *stage) refused(what string, err error) {
	s.named(what, err)
	ended := errors.Is(err, lock.ErrTimeout) || errors.Is(err, context.Canceled)
	s.unanswered = s.unanswered || ended && !errors.Is(err, lock.ErrHeld)
}

// excludes checks that others see the path held. Where nothing went wrong they
// try to take it, too.
func (s *stage) excludes(what string) {
	h := worldOf(fsys.Real)
	if st, err := reaper.In(h).Glance(fsys.Real.At(s.dir), filepath.Base(s.path)); err != nil || st.State != reaper.Held {
		s.fail("%s is %s to others: %+v, %v", what, st.State, st.Judgment, err)
	}
	if s.wrong() {
		return
	}
	for _, l := range []lock.Locker{lock.NewSoft(s.path, lock.InHost(h)), lock.NewFile(s.path, lock.InHost(h))} {
		if err := l.TryLock(); !errors.Is(err, lock.ErrHeld) && !(s.spot.foreign && errors.Is(err, lock.ErrNotLockFile)) {
			s.fail("%s does not exclude a contender (%T): %v", what, l, err)
			if err == nil {
				_ = l.Unlock()
			}
		}
	}
}

// wrong: some call went wrong.
func (s *stage) wrong() bool {
	for _, w := range s.hit {
		if w {
			return true
		}
	}
	return false
}

// released checks what releasing the lock came to.
func (s *stage) released(l lock.Locker, err error) {
	if l.Locked() {
		s.fail("locked after the last Unlock")
	}
	if err != nil {
		s.named("unlock", err)
	}
	if errors.Is(err, lock.ErrLost) {
		s.fail("nobody took the lock away: %v", err)
	}
}

// settle waits for a call to the lock that was given up on, because it took too
// long: the next one in the same world stands behind it.
func (s *stage) settle() {
	if !s.unanswered {
		return
	}
	s.fs.Decide(nil)
	l := lock.NewSoft(s.path, lock.InHost(s.host), lock.WithoutReaping())
	if err := l.TryLock(); err == nil {
		s.released(l, l.Unlock())
	}
}

// end checks what is left when the faults are over.
func (s *stage) end(schedule string) error {
	s.cancel()
	s.fs.Decide(nil)
	if open := s.fs.Open(); len(open) > 0 {
		s.fail("left open: %q", open)
	}
	for _, token := range s.tokens {
		if s.host.Tokens.Has(token) {
			s.fail("the process counts acquisition %s as its own for ever", token)
		}
	}
	now, there := s.file()
	unchanged := bytes.Equal(now, s.lies) && there == (s.lies != nil)
	switch {
	case s.other != nil:
		if !unchanged {
			s.fail("the lock of a live owner: %q became %q, there: %v", s.lies, now, there)
		}
		s.excludes("a live owner's lock")
		if err := s.other.Unlock(); err != nil {
			s.fail("the lock of a live owner was removed: %v", err)
		}
	case s.spot.foreign && !unchanged:
		s.fail("somebody's data: %q became %q", s.lies, now)
	case s.granted != "":
		if err := lock.Revoke(context.Background(), s.path, s.granted); err != nil && !errors.Is(err, lock.ErrLost) {
			s.fail("revoke: %v", err)
		}
	}
	if s.hit[faults.OpUnlock] { // not even the kernel lock could be dropped
		s.childEnds()
	}
	s.fresh()
	s.childEnds()
	if err := os.RemoveAll(s.path); err != nil {
		s.fail("%w", err)
	}
	if len(s.errs) == 0 {
		return nil
	}
	var calls []string
	for _, c := range s.fs.Calls() {
		calls = append(calls, c.Op)
	}
	return fmt.Errorf("%s: %w\n\tcalls: %s\n\tleft: %.120q", schedule, errors.Join(s.errs...), strings.Join(calls, " "), now)
}

func (s *stage) childEnds() {
	for _, d := range s.dups {
		if err := d.Close(); err != nil {
			s.fail("%w", err)
		}
	}
	s.dups = nil
}

// onlyWhatLay checks that no file of the player's is left at path.
func (s *stage) onlyWhatLay() {
	if now, there := s.file(); there && !bytes.Equal(now, s.lies) {
		s.fail("a file of ours is left: %q", now)
	} else if there && s.lies == nil {
		s.fail("an empty file of ours is left")
	}
}

// fresh checks that others get the lock.
func (s *stage) fresh() {
	h := worldOf(fsys.Real)
	locks := []lock.Locker{lock.NewFile(s.path, lock.InHost(h)), lock.NewSoft(s.path, lock.InHost(h))}
	if s.spot.foreign {
		locks = locks[:1]
	}
	if s.spot.name == "nothing" || s.spot.soft {
		locks = []lock.Locker{locks[1], locks[0], locks[1]}
	}
	for _, l := range locks {
		if err := l.TryLock(); err != nil {
			s.fail("afterwards a fresh contender (%T) does not get the lock: %v", l, err)
			continue
		}
		if err := l.Unlock(); err != nil {
			s.fail("afterwards a fresh contender (%T) does not keep the lock: %v", l, err)
		}
	}
}
