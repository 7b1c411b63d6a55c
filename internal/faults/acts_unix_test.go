//go:build unix

package faults_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// act is what the player does, and claims about what came of it.
type act struct {
	name  string
	do    func(s *stage)
	waits bool // for a lock, until the stage's context ends
}

// short is how long a player waits for a lock that somebody holds.
const short = time.Millisecond

func soft(how func(s *stage, l *lock.Soft) error, opts ...lock.Option) func(s *stage) {
	return func(s *stage) {
		l := lock.NewSoft(s.path, append(opts[:len(opts):len(opts)], lock.InHost(s.host))...)
		if s.took(l, how(s, l)) {
			b, _ := s.file()
			if rec, _ := l.Record(); meta.Parse(b).Record == nil || meta.Parse(b).Record.Token != rec.Token {
				s.fail("the file is not the owner's: %q", b)
			}
			s.released(l, l.Unlock())
		}
	}
}

func hard(how func(s *stage, l *lock.File) error, opts ...lock.Option) func(s *stage) {
	return func(s *stage) {
		l := lock.NewFile(s.path, append(opts[:len(opts):len(opts)], lock.InHost(s.host))...)
		for range 2 { // the second time the handle knows the path
			if s.took(l, how(s, l)) {
				s.released(l, l.Unlock())
			}
		}
	}
}

func trySoft(_ *stage, l *lock.Soft) error { return l.TryLock() }
func tryHard(_ *stage, l *lock.File) error { return l.TryLock() }

// shared takes the shared lock, which excludes too, but for others who share.
func shared(s *stage, l *lock.File) error { return l.TryRLock() }

// dup takes the lock, and a child gets a duplicate that outlives the release.
func dup(s *stage, l *lock.Soft) error {
	err := l.TryLock()
	if err == nil {
		d, derr := l.Dup()
		if derr != nil {
			s.named("dup", derr)
		} else {
			s.dups = append(s.dups, d)
		}
	}
	return err
}

// long holds the lock for so long that the release looks at the path.
func long(_ *stage, l *lock.File) error {
	err := l.TryLock()
	if err == nil {
		time.Sleep(2 * time.Millisecond)
	}
	return err
}

var acts = []act{
	{"Soft", soft(trySoft), false},
	{"Soft, patient", soft(func(s *stage, l *lock.Soft) error { return l.LockWithin(s.ctx, short) }), true},
	{"Soft, with a mode", soft(trySoft, lock.WithMode(0o640)), false},
	{"Soft, without reaping", soft(trySoft, lock.WithoutReaping()), false},
	{"Soft, with a child", soft(dup), false},
	{"File", hard(tryHard), false},
	{"File, patient", hard(func(s *stage, l *lock.File) error { return l.LockWithin(s.ctx, short) }), true},
	{"File, shared", hard(shared), false},
	{"File, with a mode", hard(tryHard, lock.WithMode(0o640)), false},
	{"File, without record", hard(tryHard, lock.WithoutRecord()), false},
	{"File, for long", hard(long), false},
	{"Grant", grant, true},
	{"Inspect", inspect, false},
	{"Break", breaks(reaper.Options{}), false},
	{"Break by force", breaks(reaper.Options{Force: true}), false},
	{"Reap the path", func(s *stage) { reap(s, s.path) }, false},
	{"Reap the directory", func(s *stage) { reap(s, s.dir) }, false},
	{"Scan", func(s *stage) { scan(s, -1) }, false},
	{"Scan, stopped at once", func(s *stage) { scan(s, 1) }, false},
}

// grant takes the lock for another process and revokes it.
func grant(s *stage) {
	token, err := lock.Grant(s.ctx, s.path, os.Getpid(), lock.WithTimeout(0), lock.InHost(s.host))
	if err != nil {
		s.refused("grant", err)
		s.granted = token // known, so that it can be revoked
		return
	}
	if s.other != nil {
		s.fail("two owners at once")
	}
	s.excludes("the lock that was granted")
	s.granted = token
	if _, err := reaper.In(s.host).Break(context.Background(), s.path, reaper.Options{Token: token}); err != nil {
		s.named("revoke", err)
		if errors.Is(err, reaper.ErrChanged) {
			s.fail("nobody took the lock away: %v", err)
		}
	} else if _, there := s.file(); there {
		s.fail("revoked, and still there")
	}
}

func inspect(s *stage) {
	st, err := reaper.In(s.host).Inspect(s.ctx, s.path)
	if err != nil {
		s.named("inspect", err)
		return
	}
	s.judged(st)
}

// judged checks that a status is the truth, or unknown with a reason.
func (s *stage) judged(st reaper.Status) {
	if st.Path != s.path {
		return
	}
	want := reaper.Free
	switch {
	case s.other != nil:
		want = reaper.Held
	case s.spot.dead:
		want = reaper.Stale
	}
	switch st.State {
	case want:
	case reaper.StateUnknown:
		if len(st.Evidence) == 0 || st.Missing == "" {
			s.fail("unknown without a reason: %+v", st.Judgment)
		}
	default:
		s.fail("the lock is %s, not %s: %+v", st.State, want, st.Judgment)
	}
}

func breaks(o reaper.Options) func(s *stage) {
	return func(s *stage) {
		_, err := reaper.In(s.host).Break(s.ctx, s.path, o)
		_, there := s.file()
		switch {
		case err != nil:
			s.named("break", err)
		case s.spot.dead && there:
			s.fail("broken, and still there")
		}
		if o.Force && !there { // data, too
			s.spot.foreign, s.lies = false, nil
		}
	}
}

// below is the lock of a dead owner in a directory below, for a walk to find.
func (s *stage) below() string {
	sub := filepath.Join(s.dir, "sub")
	path := filepath.Join(sub, "below.lock")
	r := &meta.Record{Format: meta.Format, Kind: meta.KindSoft, Token: s.host.NewToken(), Created: time.Now()}
	r.SetOwner(s.host.Self())
	b, err := r.Encode()
	if err == nil {
		err = errors.Join(os.MkdirAll(sub, 0o755), os.WriteFile(path, b, 0o644))
	}
	if err != nil {
		s.fail("%w", err)
	}
	return path
}

func reap(s *stage, what string) {
	walk := what == s.dir
	below := s.below()
	failed, seen := false, false
	for o := range reaper.In(s.host).Reap(s.ctx, what, reaper.Options{}) {
		if o.Err != nil {
			s.named("reap", o.Err)
			failed = true
		}
		if (o.Action == reaper.Failed) != (o.Err != nil) {
			s.fail("reap: %s, error %v", o.Action, o.Err)
		}
		seen = seen || o.Path == below
		if o.Action == reaper.Broken {
			if _, err := os.Lstat(o.Path); err == nil {
				s.fail("%s is broken, and still there", o.Path)
			}
		} else if o.Action == reaper.Kept && o.State == reaper.Stale {
			s.fail("%s of a dead owner is kept: %+v", o.Path, o.Judgment)
		}
	}
	if walk && !failed && !seen {
		s.fail("%s was passed over without a word", below)
	}
	if err := os.RemoveAll(filepath.Dir(below)); err != nil {
		s.fail("%w", err)
	}
}

// scan stops after some answers; -1: it does not.
func scan(s *stage, stop int) {
	below := s.below()
	failed, seen := false, false
	for st, err := range reaper.In(s.host).Scan(s.ctx, s.dir, reaper.Options{}) {
		if err != nil {
			s.named("scan", err)
			failed = true
		} else {
			s.judged(st)
			seen = seen || st.Path == below
		}
		if stop--; stop == 0 {
			failed = true
			break
		}
	}
	if !failed && !seen {
		s.fail("%s was passed over without a word", below)
	}
	if err := os.RemoveAll(filepath.Dir(below)); err != nil {
		s.fail("%w", err)
	}
}
