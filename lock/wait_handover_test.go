//go:build linux || windows

package lock_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
)

// stage is a world with a clock that stands still unless it is moved, and which
// counts how often a file is opened. Waiters stay in memory while another handle
// has the lock, so that it can be handed over to them.
type stage struct {
	fsys.FS
	*host.Host
	opened atomic.Int64
	now    atomic.Int64
}

type stageDir struct {
	fsys.Dir
	s *stage
}

func newStage(t *testing.T) *stage {
	s := &stage{FS: fsys.Real}
	s.Host = host.Real.With(s)
	begin := time.Now()
	s.Host.Now = func() time.Time { return begin.Add(time.Duration(s.now.Load())) }
	was := lock.SetLinger(noNet)
	t.Cleanup(func() { lock.SetLinger(was) })
	return s
}

func (s *stage) At(path string) fsys.Dir { return stageDir{s.FS.At(path), s} }

func (d stageDir) Create(name string, perm os.FileMode) (fsys.File, error) {
	d.s.opened.Add(1)
	return d.Dir.Create(name, perm)
}

func (d stageDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	d.s.opened.Add(1)
	return d.Dir.Open(name, how)
}

// queued starts a call that waits in memory.
func (s *stage) queued(t *testing.T, l *lock.File) (done chan error) {
	t.Helper()
	n := lock.Waiting(l.Path())
	done = make(chan error, 1)
	go func() { done <- l.Lock(bg) }()
	until(func() bool { return lock.Waiting(l.Path()) == n+1 })
	return done
}

func recorded(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	c := meta.Parse(b)
	if c.Record == nil {
		t.Fatalf("no record in %q", b)
	}
	return c.Record.Token
}

func tokenOf(t *testing.T, l *lock.File) string {
	t.Helper()
	r, ok := l.Record()
	if !ok {
		t.Fatal("a holder without a record")
	}
	return r.Token
}

// handsOver locks a, lets b queue, and unlocks a; it says whether b has got the
// lock without a file being opened.
func (s *stage) handsOver(t *testing.T, a, b *lock.File) bool {
	t.Helper()
	must(t, a.Lock(bg))
	done := s.queued(t, b)
	opened := s.opened.Load()
	must(t, a.Unlock())
	must(t, <-done)
	return s.opened.Load() == opened
}

func TestAHardLockIsHandedOver(t *testing.T) {
	s, path := newStage(t), tempPath(t)
	in := lock.InHost(s.Host)
	a, b, c := lock.NewFile(path, in, lock.WithNote("a long note")), lock.NewFile(path, in), lock.NewFile(path, in)
	if !s.handsOver(t, a, b) {
		t.Error("it was not handed over")
	}
	done := s.queued(t, c)
	if got, want := recorded(t, path), tokenOf(t, b); got != want {
		t.Errorf("the file names %s, the second is %s", got, want)
	}
	excluded(t, path)
	must(t, b.Unlock())
	must(t, <-done)
	if got, want := recorded(t, path), tokenOf(t, c); got != want {
		t.Errorf("the file names %s, the third is %s", got, want)
	}
	excluded(t, path)
	must(t, c.Unlock())
	must(t, lock.AtRest(path))
	takes(t, lock.NewFile(path))
}

// excluded: another process does not get the lock.
func excluded(t *testing.T, path string) {
	t.Helper()
	p := start(t, "try", "file", path)
	p.say(t, "try")
	if line := p.line(t); line == "\"<nil>\"\n" {
		t.Error("two owners")
	}
}

func TestALockThatOthersWaitForInOrderIsNotHandedOver(t *testing.T) {
	s, path := newStage(t), tempPath(t)
	in := lock.InHost(s.Host)
	a, b := lock.NewFile(path, in), lock.NewFile(path, in)
	must(t, a.Lock(bg))
	done := s.queued(t, b)
	p := start(t, "queue", "file", path)
	blocked(t, path)
	must(t, a.Unlock())
	p.says(t, "got")
	select {
	case err := <-done:
		t.Errorf("beside the other process: %v", err)
	default:
	}
	p.say(t, "let go")
	must(t, <-done)
	must(t, b.Unlock())
}

// A program that knows nothing of the order shows nowhere: for it the row of
// those who hand over to each other has an end.
func TestARowOfHandOversHasAnEnd(t *testing.T) {
	s, path := newStage(t), tempPath(t)
	in := lock.InHost(s.Host)
	a, b, c := lock.NewFile(path, in), lock.NewFile(path, in), lock.NewFile(path, in)
	if !s.handsOver(t, a, b) {
		t.Error("it was not handed over")
	}
	s.now.Add(int64(9 * time.Millisecond)) // b has it for 9 ms, the process too
	done := s.queued(t, c)
	opened := s.opened.Load()
	must(t, b.Unlock())
	must(t, <-done)
	if s.opened.Load() != opened {
		t.Error("it was not handed over within the bound")
	}
	s.now.Add(int64(2 * time.Millisecond)) // c has it for 2 ms, the process for 11
	done = s.queued(t, b)
	opened = s.opened.Load()
	must(t, c.Unlock())
	must(t, <-done)
	if s.opened.Load() == opened {
		t.Error("it was handed over beyond the bound")
	}
	must(t, b.Unlock())
}

// The path names another file when the lock is handed over: the new holder does
// not have the lock, and waits for the one that the path names.
func TestAHandOverOfALostLock(t *testing.T) {
	for _, long := range []bool{false, true} {
		t.Run(fmt.Sprint("held for long: ", long), func(t *testing.T) {
			s, path := newStage(t), tempPath(t)
			in := lock.InHost(s.Host)
			a, b := lock.NewFile(path, in), lock.NewFile(path, in)
			must(t, a.Lock(bg))
			ctx, cancel := context.WithCancel(bg)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- b.Lock(ctx) }() // can be cancelled, so it may run in a goroutine of its own
			until(func() bool { return lock.Waiting(path) == 1 })
			must(t, emulation.Remove(path))
			p := start(t, "queue", "file", path)
			p.says(t, "got")
			if long {
				s.now.Add(int64(2 * time.Millisecond))
			}
			// A hold of an instant does not ask for its path.
			if err := a.Unlock(); errors.Is(err, lock.ErrLost) != long || !long && err != nil {
				t.Errorf("Unlock: %v", err)
			}
			blocked(t, path)
			select {
			case err := <-done:
				t.Fatalf("two owners: %v", err)
			default:
			}
			if n := openBelow(t, filepath.Dir(path)); n != 1 && runtime.GOOS == "linux" { // elsewhere others' count
				t.Errorf("%d descriptors are open, want that of the thread", n)
			}
			p.say(t, "let go")
			must(t, <-done)
			excluded(t, path)
			must(t, b.Unlock())
			must(t, lock.AtRest(path))
		})
	}
}

func TestAHandOverToAHandleWithoutARecord(t *testing.T) {
	s, path := newStage(t), tempPath(t)
	in := lock.InHost(s.Host)
	a, b, c := lock.NewFile(path, in), lock.NewFile(path, in, lock.WithoutRecord()), lock.NewFile(path, in)
	if !s.handsOver(t, a, b) {
		t.Error("it was not handed over")
	}
	excluded(t, path)
	done := s.queued(t, c)
	must(t, b.Unlock())
	must(t, <-done)
	if got, want := recorded(t, path), tokenOf(t, c); got != want {
		t.Errorf("the file names %s, the third is %s", got, want)
	}
	must(t, c.Unlock())
}
