package netfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/reaper"
)

func init() {
	scenarios = append(scenarios, scenario{"a reaper killed at every step", []string{"ci", "lock", "reaper"}, reaperKilled, 52})

	// dies PATH...: takes locks and is killed.
	roles["dies"] = func(args []string) error {
		for _, p := range args {
			if err := lock.NewSoft(p, lock.WithLease(lease)).TryLock(); err != nil {
				return err
			}
		}
		return die()
	}

	// breaks PATH N: breaks a lock and is killed before its Nth call to the
	// filesystem, unless it is through before.
	roles["breaks"] = func(args []string) error {
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		counting := faults.On(fsys.Real, func(c faults.Call) faults.Fault {
			if c.N == n {
				_ = die()
			}
			return faults.Fault{}
		})
		_, err = reaper.In(host.Real.With(counting)).Break(context.Background(), args[0], reaper.Options{})
		return err
	}

	// reaps DIR: breaks what the dead have left in a directory.
	roles["reaps"] = func(args []string) (err error) {
		for o := range reaper.Reap(context.Background(), args[0], reaper.Options{}) {
			err = errors.Join(err, o.Err)
		}
		return err
	}

	// takes PATH...: takes all the locks at the same time, and lets them go.
	roles["takes"] = func(args []string) error {
		ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
		defer cancel()
		errs := make([]error, len(args))
		var all sync.WaitGroup
		for i, p := range args {
			all.Go(func() {
				l := lock.NewSoft(p, lock.WithLease(lease))
				if errs[i] = l.Lock(ctx); errs[i] == nil {
					errs[i] = l.Unlock()
				}
			})
		}
		all.Wait()
		return errors.Join(errs...)
	}
}

// lease is the least that there is: what is shown here takes some of them.
const lease = 10 * time.Second

// die is a death that no deferred function sees.
func die() error {
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		return err
	}
	select {}
}

// mostSteps is more than a break makes calls to the filesystem.
const mostSteps = 60

// A process on one machine left locks, and others on that machine are killed at
// each step of breaking them. Another machine, which can know of none of their
// deaths but by their leases, gets all the locks, and nothing is left.
func reaperKilled(t *testing.T, r *Rig) {
	var paths []string
	for n := range mostSteps {
		paths = append(paths, fmt.Sprintf("%s/step-%d.lock", clientDir, n+1))
	}
	c1, c2 := r.Clients[0], r.Clients[1]
	if code := c1.Role(t, "dies", paths...).Wait(t); code != -1 {
		t.Fatalf("who was to be killed ended with %d", code)
	}
	steps := 0
	for n := range mostSteps {
		p := c1.Role(t, "breaks", paths[n], strconv.Itoa(n+1))
		switch code := p.Wait(t); code {
		case -1:
			steps++
			continue
		case 0:
		default:
			t.Fatalf("the break that is not killed ends with %d: %s", code, p.Output())
		}
		break
	}
	if steps < 8 || steps == mostSteps {
		t.Fatalf("a break has %d steps", steps)
	}
	guards := strings.Count(r.Server.Run(t, "ls", "-A", serverDir), ".guard")
	start := time.Now()
	c2.Act(t, "takes", paths...)
	t.Logf("a break of %d steps; %d guards were left; the other machine has had all the locks after %v", steps, guards, time.Since(start).Round(time.Millisecond))
	// Who was killed between the lock and its own guard left the guard, which is in
	// nobody's way.
	c1.Act(t, "reaps", clientDir)
	if got := r.Server.Run(t, "ls", "-A", serverDir); got != "" {
		t.Errorf("there is left\n%s", got)
	}
}
