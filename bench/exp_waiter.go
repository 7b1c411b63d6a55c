//go:build linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// waiterCPU measures what it costs to wait. All wait at the same time, each
// for a path of its own, for there is nothing to do.
func waiterCPU(b *bench, p *place) []*table {
	d := b.effort.waiter
	begin := min(time.Second, d/2)
	t := &table{
		name: "waiter", where: p.fs, ref: "flock",
		title: "CPU time of a waiter",
		about: fmt.Sprintf("User and system time of a process that waits, over %s, from the kernel's accounting of its threads; an hour is extrapolated. Of commands the start is in it.", d),
		drawn: drawing{plot: "waiter", title: "CPU time of an hour of waiting", by: []string{"hour"}},
		columns: []column{
			{key: "begin", title: "in the first " + begin.String()},
			{key: "growth", title: "each further second"},
			{key: "hour", title: "in an hour"},
		},
	}
	var watched []*watch
	defer func() {
		for _, w := range watched {
			w.stop()
		}
	}()
	names := []string{"soft", "file", "gofrs", "gofrs-retry", "lockedfile", "certmagic", "py-soft", "py-file", "flock1", "filelock-run", "dotlockfile-wait"}
	t.entries = b.entries(t.ref, names, func(c *contestant) (func() (outcome, error), func(), error) {
		if c.ours && c.waits != nil {
			if _, err := b.build(c.built, p.binary()); err != nil {
				return nil, nil, err
			}
		}
		w, err := startWatch(c, p.binary(), p.fresh())
		if err != nil {
			return nil, nil, err
		}
		watched = append(watched, w)
		// The only slice; the waiting was before it.
		return func() (outcome, error) { return w.outcome(d - begin) }, nil, nil
	})
	for _, w := range watched {
		w.err = w.begin()
	}
	fmt.Fprintf(b.progress, "%s on %s: %s\n", t.name, t.where, d)
	sleepers := []struct {
		d  time.Duration
		to func(w *watch) *int64
	}{
		{begin, func(w *watch) *int64 { return &w.first }},
		{d - begin, func(w *watch) *int64 { return &w.last }},
	}
	for _, s := range sleepers {
		select {
		case <-time.After(s.d):
		case <-b.ctx.Done():
			return nil
		}
		for _, w := range watched {
			used, err := threadsTime(w.pid())
			*s.to(w), w.err = used-w.before, errors.Join(w.err, err)
		}
	}
	return b.rotate(t, 1)
}

// threadsTime is what a process's threads have used, to the nanosecond; the
// time in wait4 and /proc/PID/stat is in ticks.
func threadsTime(pid int) (ns int64, err error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, errors.New("its process has ended, or this kernel does not account for threads (CONFIG_SCHED_INFO)")
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // the thread has ended
		}
		if err != nil {
			return 0, err
		}
		var on int64
		if _, err := fmt.Sscan(string(b), &on); err != nil {
			return 0, fmt.Errorf("%s: %w", f, err)
		}
		ns += on
	}
	return ns, nil
}
