//go:build unix

package fsys

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// staged has a call of its own made before, and another after, every wait in
// the kernel of this process: while it is blocked, as far as the table knows.
func (r *rig) staged(before, after func(fd int)) (waits *atomic.Int32) {
	waits = new(atomic.Int32)
	r.p.setlk = func(fd int, typ int16, wait bool) error {
		if wait {
			waits.Add(1)
			before(fd)
			defer after(fd)
		}
		return rawSetlk(fd, typ, wait)
	}
	return waits
}

func nothing(int) {}

func TestWhatAWaitWasGrantedMayBeGone(t *testing.T) {
	r := newRig(t)
	a, b, q, s := r.open(unix.O_RDWR), r.open(unix.O_RDWR), r.other(), r.other()
	q.ask("take shared", granted)
	again, gone := make(chan struct{}), false
	waits := r.staged(func(int) {
		if !gone {
			q.ask("drop", granted) // so that it is granted now
		}
	}, func(int) {
		if gone {
			return
		}
		gone = true
		r.ok(b.lock(Shared, false)) // the process has less now
		r.ok(b.unlock())            // and now nothing
		s.ask("take shared", granted)
		close(again)
	})
	got := make(chan error, 1)
	go func() { got <- a.lock(Exclusive, true) }()
	<-again
	for waits.Load() < 2 {
		select {
		case err := <-got:
			t.Fatalf("an exclusive lock is granted beside another process' shared one: %v", err)
		default:
		}
	}
	s.ask("drop", granted)
	r.ok(<-got)
	s.ask("try shared", isHeld)
	r.ok(errors.Join(a.close(), b.close()))
}

func TestAWaitThatIsGrantedBesideAHolderGivesBackWhatIsTooMuch(t *testing.T) {
	r := newRig(t)
	a, b, q, s := r.open(unix.O_RDWR), r.open(unix.O_RDONLY), r.other(), r.other()
	q.ask("take shared", granted)
	r.staged(func(int) { _ = b.lock(Shared, false); q.ask("drop", granted) }, nothing)
	got := make(chan error, 1)
	go func() { got <- a.lock(Exclusive, true) }()
	for tries := 0; ; tries++ {
		s.say("try shared")
		if s.out.Scan(); s.out.Text() == granted && r.p.has(b) {
			break
		} else if tries == 5000 {
			t.Fatal("the process has an exclusive lock for an open file that has a shared one")
		}
	}
	s.ask("try exclusive", isHeld)
	r.ok(b.unlock())
	r.ok(<-got)
	s.ask("try shared", isHeld)
	r.ok(errors.Join(a.close(), b.close()))
}

// has says whether an open file has a lock and nobody waits in the kernel.
func (p *processLocks) has(o *opened) bool {
	l := p.enter(o.id)
	defer p.leave(o.id, l)
	_, has := l.holders[o.fd]
	return has && l.blocked == [2]int{}
}

func TestNobodyTakesAnExclusiveLockThatASharedWaitWouldTakeAway(t *testing.T) {
	r := newRig(t)
	a, b, q := r.open(unix.O_RDONLY), r.open(unix.O_RDWR), r.other()
	q.ask("take exclusive", granted)
	r.staged(func(int) {
		q.ask("drop", granted)
		r.refused(b.lock(Exclusive, false))
	}, func(int) {
		r.refused(b.lock(Exclusive, false))
		// Nor is what was waited for thrown away.
		probe := r.open(unix.O_RDONLY)
		r.ok(probe.close())
		if n := r.p.spares.Load(); n != 1 {
			t.Errorf("%d spares, want 1", n)
		}
		q.ask("try exclusive", isHeld)
	})
	r.ok(a.lock(Shared, true))
	q.ask("try exclusive", isHeld)
	r.ok(a.close())
	r.ok(b.lock(Exclusive, false))
	r.ok(b.close())
}

func TestTwoWhoWaitToConvertGetThrough(t *testing.T) {
	r := newRig(t)
	a, b := r.open(unix.O_RDWR), r.open(unix.O_RDWR)
	r.ok(errors.Join(a.lock(Shared, false), b.lock(Shared, false)))
	var both sync.WaitGroup
	for _, o := range []*opened{a, b} {
		both.Go(func() {
			if err := errors.Join(o.lock(Exclusive, true), o.close()); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
}

func TestWhoWaitsInMemoryIsWoken(t *testing.T) {
	r := newRig(t)
	for range 100 {
		a, b := r.open(unix.O_RDWR), r.open(unix.O_RDWR)
		r.ok(a.lock(Exclusive, false))
		got := make(chan error, 1)
		go func() { got <- b.lock(Shared, true) }()
		r.p.waits(b, 1)
		r.ok(a.lock(Shared, false)) // for it has less
		r.ok(<-got)
		r.ok(errors.Join(a.close(), b.close()))
	}
}

func TestWhoWaitsForAWaitThatFailsIsWoken(t *testing.T) {
	r := newRig(t)
	a, b, q := r.open(unix.O_RDONLY), r.open(unix.O_RDWR), r.other()
	q.ask("take exclusive", granted)
	got := make(chan error, 1)
	r.p.setlk = func(fd int, typ int16, wait bool) error {
		if !wait || fd != a.fd {
			return rawSetlk(fd, typ, wait)
		}
		go func() { got <- b.lock(Exclusive, true) }()
		r.p.waits(b, 2)
		return unix.ENOLCK
	}
	if err := a.lock(Shared, true); !errors.Is(err, unix.ENOLCK) {
		t.Error(err)
	}
	q.ask("drop", granted)
	r.ok(<-got)
	r.ok(errors.Join(a.close(), b.close()))
}

// waits until n are in a method, and have most likely come to rest there.
func (p *processLocks) waits(o *opened, n int) {
	for {
		p.mu.Lock()
		l := p.inodes[o.id]
		in := l != nil && l.users == n
		p.mu.Unlock()
		if in {
			for range 20 {
				if l.mu.TryLock() { // which who waits has given up
					l.mu.Unlock()
				}
				runtime.Gosched()
			}
			return
		}
		runtime.Gosched()
	}
}
