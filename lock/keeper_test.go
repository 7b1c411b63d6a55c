package lock_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
)

// touched is the real filesystem, where each renewal goes through touch.
type touched struct {
	fsys.FS
	touch func(f fsys.File) error
}

type touchedDir struct {
	fsys.Dir
	t *touched
}

type touchedFile struct {
	fsys.File
	t      *touched
	closed *atomic.Bool
}

func (t *touched) At(path string) fsys.Dir { return touchedDir{t.FS.At(path), t} }

func (d touchedDir) Create(name string, perm os.FileMode) (fsys.File, error) {
	f, err := d.Dir.Create(name, perm)
	if err != nil {
		return nil, err
	}
	return touchedFile{f, d.t, new(atomic.Bool)}, nil
}

var errClosed = errors.New("a renewal used a closed descriptor")

func (f touchedFile) Touch() error {
	err := f.t.touch(f.File)
	if f.closed.Load() {
		panic(errClosed)
	}
	return err
}

func (f touchedFile) Close() error {
	f.closed.Store(true)
	return f.File.Close()
}

// keptWorld is a world whose leases are renewed, by a clock that is the real one
// but for the leaps that a test makes.
type keptWorld struct {
	path  string
	ahead atomic.Int64
	host  *host.Host
}

func newKeptWorld(t *testing.T, touch func(f fsys.File) error) *keptWorld {
	w := &keptWorld{path: tempPath(t)}
	w.host = host.Real.With(&touched{fsys.Real, touch})
	w.host.Uptime = func() time.Duration { return meta.Uptime() + time.Duration(w.ahead.Load()) }
	return w
}

// leap has the clock go forward, as after a suspension, and wakes the keeper.
func (w *keptWorld) leap(d time.Duration) {
	w.ahead.Add(int64(d))
	lock.WakeKeeper()
}

func (w *keptWorld) soft(opts ...lock.Option) *lock.Soft {
	return lock.NewSoft(w.path, append([]lock.Option{lock.WithNetwork(), lock.InHost(w.host)}, opts...)...)
}

// soon waits for something that is to become true.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); {
		if time.Now().After(end) {
			t.Fatal(what)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestARenewalThatFailedIsRepeated(t *testing.T) {
	var calls atomic.Int32
	w := newKeptWorld(t, func(f fsys.File) error {
		if calls.Add(1) < 4 {
			return errors.New("the network is cut")
		}
		return f.Touch()
	})
	l := w.soft()
	must(t, l.TryLock())
	// Whatever the clock's step is that files have, it is renewed to another time.
	old := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(w.path, old, old))
	before, err := os.Stat(w.path)
	must(t, err)
	w.leap(15 * time.Second) // a quarter
	for n := int32(1); n < 4; n++ {
		soon(t, fmt.Sprintf("attempt %d was not made", n), func() bool { return calls.Load() >= n })
		soon(t, fmt.Sprintf("attempt %d is not repeated", n), func() bool {
			if lock.Renewing() == 0 {
				w.leap(100 * time.Millisecond)
			}
			return calls.Load() > n
		})
	}
	soon(t, "it was not renewed", func() bool {
		after, err := os.Stat(w.path)
		must(t, err)
		return after.ModTime().After(before.ModTime()) && lock.Renewing() == 0
	})
	// The lease began anew: the old one would be over.
	w.leap(50 * time.Second)
	if !l.Locked() {
		t.Error("it was renewed, and is lost")
	}
	must(t, l.Unlock())
}

// Only the descriptor is renewed: not what has taken the file's place.
func TestRenewalsKeepOffAnothersFile(t *testing.T) {
	var calls atomic.Int32
	w := newKeptWorld(t, func(f fsys.File) error { calls.Add(1); return f.Touch() })
	l := w.soft()
	must(t, l.TryLock())
	lost := l.Lost()
	must(t, os.Rename(w.path, w.path+".old"))
	other := lock.NewSoft(w.path, lock.WithNetwork(), lock.WithLease(0))
	must(t, other.TryLock())
	before, err := os.Stat(w.path)
	must(t, err)
	w.leap(15 * time.Second)
	<-lost // at the next renewal
	if calls.Load() == 0 {
		t.Error("there was no renewal")
	}
	after, err := os.Stat(w.path)
	must(t, err)
	if !after.ModTime().Equal(before.ModTime()) {
		t.Error("another's file was touched")
	}
	if err := l.Unlock(); !errors.Is(err, lock.ErrLost) {
		t.Errorf("Unlock: %v, want ErrLost", err)
	}
	must(t, other.Unlock())
}

func TestARemovedFileIsNoticedAtTheNextRenewal(t *testing.T) {
	w := newKeptWorld(t, fsys.File.Touch)
	l := w.soft()
	must(t, l.TryLock())
	lost := l.Lost()
	must(t, emulation.Remove(w.path))
	if !l.Locked() {
		t.Error("lost before anybody looked")
	}
	w.leap(15 * time.Second)
	<-lost
	if err := l.Unlock(); !errors.Is(err, lock.ErrLost) {
		t.Errorf("Unlock: %v, want ErrLost", err)
	}
}

// A renewal that hangs delays neither the end of the lease nor the release, and
// changes nothing when it comes back, though it succeeds.
func TestARenewalThatHangs(t *testing.T) {
	for _, over := range []bool{true, false} {
		t.Run(fmt.Sprintf("over %v", over), func(t *testing.T) {
			began, goOn := make(chan struct{}, 8), make(chan struct{})
			w := newKeptWorld(t, func(f fsys.File) error {
				began <- struct{}{}
				<-goOn
				return f.Touch()
			})
			var log safeBuffer
			l := w.soft(lock.WithLogger(debugTo(&log)))
			must(t, l.TryLock())
			lost := l.Lost()
			w.leap(15 * time.Second)
			<-began
			if over {
				w.leap(45 * time.Second)
				<-lost
			}
			err := l.Unlock() // while it hangs
			if over != errors.Is(err, lock.ErrLost) || !over && err != nil {
				t.Errorf("Unlock: %v", err)
			}
			next := lock.NewSoft(w.path, lock.WithNetwork())
			must(t, next.TryLock())
			before, err := os.Stat(w.path)
			must(t, err)
			close(goOn)
			soon(t, "the renewal does not end", func() bool { return lock.Renewing() == 0 })
			if l.Locked() {
				t.Error("a late renewal gave the lock back")
			}
			if !over && (closed(lost) || log.lines(t)["lost the lock"] != nil) {
				t.Error("a lock that was released counts as lost")
			}
			after, err := os.Stat(w.path)
			must(t, err)
			if !after.ModTime().Equal(before.ModTime()) {
				t.Error("a late renewal touched another's file")
			}
			must(t, next.Unlock())
		})
	}
}

// Leases that wait behind others that hang end as well.
func TestManyRenewalsThatHang(t *testing.T) {
	goOn := make(chan struct{})
	w := newKeptWorld(t, func(f fsys.File) error { <-goOn; return f.Touch() })
	locks := many(t, w, 200)
	before := runtime.NumGoroutine()
	w.leap(15 * time.Second)
	soon(t, "no renewals", func() bool { return lock.Renewing() >= 64 })
	if n := runtime.NumGoroutine() - before; n > 80 {
		t.Errorf("%d goroutines for 200 leases that hang", n)
	}
	w.leap(45 * time.Second)
	for _, l := range locks {
		<-l.Lost()
	}
	close(goOn)
	for _, l := range locks {
		if err := l.Unlock(); !errors.Is(err, lock.ErrLost) {
			t.Fatalf("Unlock: %v, want ErrLost", err)
		}
	}
	soon(t, "renewals are left", func() bool { return lock.Renewing() == 0 })
}

func many(t *testing.T, w *keptWorld, n int) []*lock.Soft {
	locks := make([]*lock.Soft, n)
	for i := range locks {
		locks[i] = lock.NewSoft(filepath.Join(filepath.Dir(w.path), fmt.Sprint(i)), lock.WithNetwork(), lock.InHost(w.host))
		must(t, locks[i].TryLock())
	}
	return locks
}

// One goroutine and one alarm serve any number of leases.
func TestManyLeasesAreRenewed(t *testing.T) {
	const n = 300
	var calls atomic.Int32
	var mu sync.Mutex
	most := 0
	w := newKeptWorld(t, func(f fsys.File) error {
		calls.Add(1)
		mu.Lock()
		most = max(most, runtime.NumGoroutine())
		mu.Unlock()
		return f.Touch()
	})
	before := runtime.NumGoroutine()
	locks := many(t, w, n)
	if now := runtime.NumGoroutine() - before; now > 4 {
		t.Errorf("%d goroutines for leases that nobody renews yet", now)
	}
	for round := range int32(3) {
		w.leap(16 * time.Second)
		soon(t, "some are not renewed", func() bool { return calls.Load() >= (round+1)*n && lock.Renewing() == 0 })
	}
	// 64 renew at once, and some of those before have not quite ended.
	if most-before > n/2 {
		t.Errorf("%d goroutines renewed", most-before)
	}
	w.leap(30 * time.Second) // a lease and more since the beginning
	for _, l := range locks {
		if !l.Locked() {
			t.Fatal("it was renewed, and is lost")
		}
		must(t, l.Unlock())
	}
	soon(t, "renewals are left", func() bool { return lock.Renewing() == 0 })
}

// A release in the middle of a renewal, and a loss in the middle of a release.
func TestReleaseWhileItIsRenewed(t *testing.T) {
	w := newKeptWorld(t, func(f fsys.File) error { runtime.Gosched(); return f.Touch() })
	for i := range 200 {
		l := w.soft()
		must(t, l.TryLock())
		lost := l.Lost()
		if i%3 == 1 {
			must(t, emulation.Remove(w.path))
		}
		var other sync.WaitGroup
		other.Go(func() { w.leap([]time.Duration{15, 15, 60}[i%3] * time.Second) })
		err := l.Unlock()
		other.Wait()
		switch i % 3 {
		case 0:
			must(t, err)
		case 1:
			if !errors.Is(err, lock.ErrLost) {
				t.Fatalf("the file was removed, and Unlock returned %v", err)
			}
		}
		if err == nil && closed(lost) {
			t.Fatal("it was lost, and Unlock says nothing of it")
		}
	}
}
