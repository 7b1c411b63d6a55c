//go:build linux || windows

package lock_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/lock"
)

// inside counts who has a lock.
type inside struct{ writers, readers atomic.Int32 }

func (in *inside) check(t *testing.T, shared bool) {
	n := &in.writers
	if shared {
		n = &in.readers
	}
	n.Add(1)
	w, r := in.writers.Load(), in.readers.Load()
	if w > 1 || w > 0 && r > 0 {
		t.Errorf("%d writers and %d readers", w, r)
	}
	if rand.N(8) == 0 {
		time.Sleep(rand.N(2 * time.Millisecond)) // longer than waiters linger
	}
	n.Add(-1)
}

// Every way to wait and to give up at once, in one process, beside another one
// that does the same.
func TestAMixOfWaitersLeavesNothingAndLetsNoTwoIn(t *testing.T) {
	goroutines, rounds, others := 64, 25, "100"
	if emulation.Wine() { // a single process answers all system calls
		rounds, others = 5, "20"
	}
	dir := t.TempDir()
	paths := map[string]string{}
	counts := map[string]*inside{}
	for _, name := range []string{"soft", "file", "both"} {
		path := filepath.Join(dir, name)
		paths[name], counts[path] = path, &inside{}
	}
	beside := []*process{start(t, "contend", "soft", paths["soft"], others), start(t, "contend", "file", paths["file"], others)}
	for _, p := range beside {
		p.say(t, "go")
	}
	common := lock.NewFile(paths["both"]) // one owner, however many goroutines use it
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				if err := mixed(t, paths, counts, common); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, p := range beside {
		p.says(t, "done")
	}
	for _, path := range paths {
		if err := lock.AtRest(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	until(func() bool { return lock.Parked() == 0 })
	if n := openBelow(t, dir); n > 0 {
		t.Errorf("%d descriptors are open", n)
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || e.Name() == "soft" {
			t.Errorf("%s is left", e.Name())
		}
	}
}

// mixed takes and releases one lock in one way, or gives up.
func mixed(t *testing.T, paths map[string]string, counts map[string]*inside, common *lock.File) (err error) {
	var l lock.Locker
	shared := false
	switch rand.N(6) {
	case 0, 1:
		l = lock.NewSoft(paths["soft"])
	case 2:
		l = lock.NewFile(paths["file"])
	case 3:
		l, shared = lock.NewFile(paths["file"]).RLocker(), true
	case 4:
		l = lock.NewFile(paths["both"], lock.WithPoll(time.Duration(1+rand.N(2))*time.Millisecond))
	default:
		l, shared = common, true // its users do not exclude each other
	}
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	switch rand.N(4) {
	case 0:
		time.AfterFunc(rand.N(3*time.Millisecond), cancel)
	case 1:
		ctx, cancel = context.WithTimeout(ctx, time.Microsecond+rand.N(3*time.Millisecond))
		defer cancel()
	}
	switch err := l.Lock(ctx); {
	case err != nil && ctx.Err() != nil:
		if l.Locked() && l != lock.Locker(common) {
			return errors.Join(errors.New("locked after an error"), err)
		}
		return nil
	case err != nil:
		return err
	}
	own, single := l.(locker)
	single = single && own != locker(common)
	if rand.N(8) == 0 {
		if err := l.TryLock(); err != nil { // nests
			return err
		}
		defer func() { // all of it
			if err == nil && single {
				err = own.ForceUnlock()
			} else if err == nil {
				err = l.Unlock()
			}
		}()
	}
	counts[l.Path()].check(t, shared)
	if single && rand.N(8) == 0 {
		child, err := own.Dup() // has a hard lock until it is closed
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
		if err == nil {
			defer child.Close()
		}
	}
	return l.Unlock()
}

func TestGoroutinesGetTheLockInTheOrderOfTheirComing(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		const n = 20
		holder := newLock(path)
		must(t, holder.Lock(bg))
		got := make(chan int, n)
		var wg sync.WaitGroup
		defer wg.Wait()
		for i := range n {
			wg.Go(func() {
				l := newLock(path)
				if err := l.Lock(bg); err != nil {
					t.Error(err)
				}
				got <- i
				if err := l.Unlock(); err != nil {
					t.Error(err)
				}
			})
			until(func() bool { return lock.Waiting(path) == i+1 })
		}
		must(t, holder.Unlock())
		for want := range n {
			if i := <-got; i != want {
				t.Errorf("goroutine %d got it, it was the turn of %d", i, want)
			}
		}
	})
}
