//go:build linux || windows

package lock_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
)

func init() {
	// hold-many KIND DIR N: takes N locks in a directory, lets go of all at the
	// next line.
	roles["hold-many"] = func(args []string) error {
		n, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		var all []lock.Locker
		for i := range n {
			l := newLocker(args[0], numbered(args[1], i))
			if err := l.Lock(bg); err != nil {
				return err
			}
			all = append(all, l)
		}
		fmt.Println("held")
		if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
			return nil
		}
		for _, l := range all {
			if err := l.Unlock(); err != nil {
				return err
			}
		}
		return nil
	}
}

func numbered(dir string, i int) string { return filepath.Join(dir, fmt.Sprintf("%d.lock", i)) }

// parkedGoroutines counts those with the name that leak checkers know.
func parkedGoroutines() int {
	b := make([]byte, 4<<20)
	return strings.Count(string(b[:runtime.Stack(b, true)]), "lock.parkedWaiter(")
}

// A thread that is blocked cannot be called back: waiters that leave leave it
// behind. It is one however many there were, ends with the owner, and what it
// is given it drops.
func TestWaitersThatLeaveLeaveOneThread(t *testing.T) {
	for _, kind := range []string{"soft", "file", "shared"} {
		t.Run(kind, func(t *testing.T) {
			path := tempPath(t)
			owner := map[string]string{"shared": "file"}[kind]
			if owner == "" {
				owner = kind
			}
			p := start(t, "queue", owner, path)
			p.says(t, "got")
			ctx, cancel := context.WithCancel(bg)
			const n = 100
			errs := make(chan error, n)
			for range n {
				go func() { errs <- newLocker(kind, path).Lock(ctx) }()
			}
			until(func() bool { return lock.Waiting(path) == n })
			blocked(t, path)
			cancel()
			for range n {
				if err := <-errs; !errors.Is(err, context.Canceled) || !errors.Is(err, lock.ErrHeld) {
					t.Errorf("%v, want ErrHeld and context.Canceled", err)
				}
			}
			must(t, lock.AtRest(path))
			if n := inOrder(t, owner, path); n > 0 && owner == "file" && fsys.OrderLocks {
				t.Errorf("%d stand in order although nobody waits", n)
			}
			if n := parkedGoroutines(); n != 1 {
				t.Errorf("%d threads are left", n)
			}
			next := start(t, "queue", owner, path) // behind the thread
			until(func() bool { return inOrder(t, owner, path) > 0 })
			p.say(t, "let go")
			next.says(t, "got")
			until(func() bool { return lock.Parked() == 0 })
			next.say(t, "let go")
			next.says(t, "out")
			alone(t, path, locksOf(owner)...)
		})
	}
}

// The next waiter goes on with the thread that the one before left.
func TestTheNextWaiterUsesTheThreadThatIsLeft(t *testing.T) {
	for _, kind := range orderly {
		path := tempPath(t)
		p := start(t, "queue", kind, path)
		p.says(t, "got")
		for range 3 {
			ctx, cancel := context.WithCancel(bg)
			done := make(chan error, 1)
			go func() { done <- newLocker(kind, path).Lock(ctx) }()
			blocked(t, path)
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want context.Canceled", err)
			}
		}
		l := newLocker(kind, path)
		done := waits(t, l, path)
		if n := lock.ParkedAt(path); n != 1 {
			t.Errorf("%s: %d threads", kind, n)
		}
		p.say(t, "let go")
		must(t, <-done)
		must(t, l.Unlock())
	}
}

func TestThreadsAreBoundedAndNobodyIsForgotten(t *testing.T) {
	for _, kind := range orderly {
		t.Run(kind, func(t *testing.T) {
			const n = 200
			dir := t.TempDir()
			p := start(t, "hold-many", kind, dir, fmt.Sprint(n))
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() {
					l := newLocker(kind, numbered(dir, i))
					if err := l.Lock(bg); err != nil {
						t.Error(err)
						return
					}
					if err := l.Unlock(); err != nil {
						t.Error(err)
					}
				})
			}
			until(func() bool {
				waiting := 0
				for i := range n {
					waiting += lock.Waiting(numbered(dir, i))
				}
				return waiting == n && lock.Parked() >= lock.MaxParked
			})
			if got := parkedGoroutines(); got > lock.MaxParked {
				t.Errorf("%d threads, at most %d are allowed", got, lock.MaxParked)
			}
			p.say(t, "let go")
			wg.Wait()
			until(func() bool { return lock.Parked() == 0 })
		})
	}
}

// parkAll takes all the room for threads, until the function that it returns is
// called.
func parkAll(t *testing.T) (end func()) {
	t.Helper()
	dir := t.TempDir()
	many := start(t, "hold-many", "file", dir, fmt.Sprint(lock.MaxParked))
	ctx, cancel := context.WithCancel(bg)
	var wg sync.WaitGroup
	for i := range lock.MaxParked {
		wg.Go(func() { _ = lock.NewFile(numbered(dir, i)).Lock(ctx) })
	}
	until(func() bool { return lock.Parked() == lock.MaxParked })
	return func() {
		cancel()
		wg.Wait()
		many.say(t, "let go")
		until(func() bool { return lock.Parked() == 0 })
	}
}

// tryFile calls then when its lock was refused.
type tryFile struct {
	fsys.File
	then func()
}

func (f tryFile) TryLock(mode fsys.LockMode) error {
	err := f.File.TryLock(mode)
	if err != nil {
		f.then()
	}
	return err
}

// tryFS calls then when the lock of a gate was refused.
type tryFS struct {
	fsys.FS
	then func()
}

type tryDir struct {
	fsys.Dir
	then func()
}

func (f tryFS) At(path string) fsys.Dir { return tryDir{f.FS.At(path), f.then} }

func (d tryDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	f, err := d.Dir.Open(name, how)
	if err != nil || !strings.HasSuffix(name, ".gate") {
		return f, err
	}
	return tryFile{f, d.then}, nil
}

// Who found no room for a thread leaves the gate after its holder has passed
// it, seen him, and so not removed it.
func TestWhoFindsNoRoomDoesNotLeaveTheGateBehind(t *testing.T) {
	path := tempPath(t)
	owner := start(t, "queue", "soft", path)
	owner.says(t, "got")
	p := start(t, "queue", "soft", path)
	blocked(t, path)
	defer parkAll(t)()
	ctx, cancel := context.WithCancel(bg)
	var once sync.Once
	passed := func() {
		once.Do(func() {
			owner.say(t, "let go")
			p.says(t, "got")
			cancel()
		})
	}
	l := lock.NewSoft(path, lock.InHost(host.Real.With(tryFS{fsys.Real, passed})))
	if err := l.Lock(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	p.say(t, "let go")
	p.says(t, "out")
	alone(t, path)
}

// A thread whose turn comes when nobody wants it any more ends there and then,
// rather than wait for the lock before those who do.
func TestAThreadThatNobodyWantsGivesUpItsTurn(t *testing.T) {
	path := tempPath(t)
	owner := start(t, "queue", "file", path)
	owner.says(t, "got")
	before := start(t, "queue", "file", path)
	until(func() bool { return inOrder(t, "file", path) == 1 })
	ctx, cancel := context.WithCancel(bg)
	done := make(chan error, 1)
	go func() { done <- lock.NewFile(path).Lock(ctx) }()
	until(func() bool { return inOrder(t, "file", path) == 2 })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	before.kill(t)
	until(func() bool { return lock.ParkedAt(path) == 0 }) // and the owner has the lock still
	if n := inOrder(t, "file", path); n > 0 {
		t.Errorf("%d stand in order", n)
	}
	owner.say(t, "let go")
	owner.says(t, "out")
}
