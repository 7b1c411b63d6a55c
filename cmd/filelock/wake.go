package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/waking"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// sleeper waits between two looks at a lock that somebody has, and that nobody
// here wants. Of a soft lock on a local filesystem the kernel tells the end, as it
// does package lock's waiters: a goroutine that is blocked on the owner's kernel
// lock comes back, the file is told to have changed, or the owner's process to
// have ended. Each of them calls for a look and says nothing by itself, and in
// case that none comes there is a look from time to time.
//
// Elsewhere the looks are all there is, and for hard locks: whoever is told of
// their end looks in the very moment in which others want to have them, and who
// looks has the kernel lock for an instant. Several of us would be in the way of
// those who try once, as `flock -n` does.
type sleeper struct {
	dir  fsys.Dir
	name string

	blocked chan error // receives when the goroutine is back; nil: there is none
	on      fsys.ID    // the file that it is blocked on
	noBlock bool       // it could not be
	events  waking.Events

	stirred bool          // the last sleep was ended by the file
	hasty   bool          // the last sleep was over soon, for nothing
	looks   int           // how often events have called for a look at once
	poll    time.Duration // the pause of who is told of nothing
}

func newSleeper(path string) *sleeper {
	dir, name := fsys.SplitPath(absolutePath(path))
	return &sleeper{dir: fsys.Real.At(dir), name: name, poll: firstPoll}
}

// Variables only for tests, which show that nobody is woken by the clock who
// should have been woken by an event; asleep is called before each sleep.
var (
	firstPoll = firstLook
	net       = time.Second // the pause of who is told: some things are not
	asleep    = func(told bool) {}
)

// mostLooks bounds how often in a row the file may be another one when it is
// looked at than when it was to be watched.
const mostLooks = 4

// sleep returns when the lock, which was seen as st, is to be looked at again,
// at the latest when most is over; an error only at the end of ctx.
func (s *sleeper) sleep(ctx context.Context, st *reaper.Status, most time.Duration) error {
	pause, told := s.arrange(st)
	if pause == 0 {
		return nil
	}
	var changed, ended <-chan struct{}
	if told {
		changed, ended = s.events.Changed(), s.events.Ended()
	}
	timer := time.NewTimer(min(pause, most))
	defer timer.Stop()
	asleep(told)
	began, woken := time.Now(), true
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case err := <-s.blocked: // told or not: it comes once, and a file may tell a moment before
		s.blocked, s.noBlock = nil, s.noBlock || err != nil
	case <-changed:
		s.events.Told()
		s.stirred = true
	case <-ended:
		s.events.CloseOwner()
	case <-timer.C:
		woken = false
	}
	soon := time.Since(began) < longestLook
	s.hasty = woken && soon
	if told && !soon {
		s.poll = firstPoll
	}
	return nil
}

// arrange says how long to sleep at most, and whether what happens to the file or
// to the owner's process ends the sleep. It does not, soon after it has, for
// nothing: others are queueing, or something touches the file again and again, and
// then looks are not to follow each other more quickly than anywhere else.
func (s *sleeper) arrange(st *reaper.Status) (pause time.Duration, told bool) {
	hasty := s.hasty
	s.hasty = false
	if hasty || !st.KernelBacked() || !s.tells(st) || st.KernelLocked() && !s.block(st) {
		return s.untold(st)
	}
	stirred := s.stirred
	s.stirred = false
	look, soon, _ := s.events.Arm(s.dir, s.name, st) // of what is not told there are looks
	switch {
	case look && s.looks < mostLooks:
		s.looks++
		return 0, false
	case look, soon && (stirred || s.blocked == nil):
		return s.untold(st)
	}
	s.looks = 0
	return net, true
}

// untold is the arrangement of who is told of nothing. What happens to the file is
// not even listened to: each time would cost something.
func (s *sleeper) untold(st *reaper.Status) (pause time.Duration, told bool) {
	s.events.CloseFile()
	s.looks = 0
	return s.nextPoll(st), false
}

// nextPoll is the pause, each time longer, of who is told of nothing.
func (s *sleeper) nextPoll(st *reaper.Status) time.Duration {
	p := s.poll
	s.poll = nextPause(p, *st)
	return p
}

// tells: that the soft lock is free, or its owner dead, will be told by his kernel
// lock, by the file, or by the end of the process that is in the record. That a
// lease is not renewed, or half a record not finished, is not.
func (s *sleeper) tells(st *reaper.Status) bool {
	r := st.Record
	switch {
	case r == nil || r.Kind != meta.KindSoft || st.Content != meta.Complete || leased(r):
		return false
	case st.KernelLocked(): // a shared one is no soft lock's
		return r.KernelLock && st.Mode != "shared"
	case r.KernelLock:
		return false
	}
	return st.State == reaper.Held || st.State == reaper.StateUnknown
}

// mostBlocked bounds the goroutines that are blocked at once.
const mostBlocked = 8

var blockedNow atomic.Int32

// block has a goroutine wait for the owner's kernel lock, as a shared one, and
// drop it before it tells. When it is granted the file has no name any more, or
// its owner is dead: who breaks his lock meanwhile tries again.
//
// It cannot be called back: when the owner is another one it stays behind on the
// first one's file. block is false if the end of the owner's lock will not be told.
func (s *sleeper) block(st *reaper.Status) bool {
	if s.blocked != nil && s.on == st.ID() {
		return true
	}
	s.blocked = nil
	if s.noBlock {
		return false
	}
	f, err := s.dir.Open(s.name, fsys.OpenRead)
	if err != nil {
		return false
	}
	if f.OpenInfo().ID != st.ID() || !mayBlock() {
		_ = f.Close() // it was only read
		return false
	}
	s.blocked, s.on = make(chan error, 1), st.ID()
	go blockedWaiter(f, s.blocked)
	return true
}

// mayBlock counts one more goroutine, if there may be one.
func mayBlock() bool {
	if blockedNow.Add(1) > mostBlocked {
		blockedNow.Add(-1)
		return false
	}
	return true
}

// blockedWaiter is the goroutine that is blocked. It ends when the lock is let go.
func blockedWaiter(f fsys.File, back chan<- error) {
	err := f.Lock(fsys.Shared)
	err = errors.Join(err, f.Close()) // Close drops the lock
	blockedNow.Add(-1)
	back <- err
}

func (s *sleeper) end() { s.events.Close() }
