package main

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/filelock-go/filelock/meta"
)

// The tests of this file take the least lease, for only its full length shows
// anything. So all that they show goes on at once.

const aLease = 10 * time.Second

// retrier is a job that tries once and ends, and is started again and again: each
// time it is a new process.
type retrier struct {
	dir, state string
	flags      []string
	begun      time.Time
	got        *running // the one that got the lock, and keeps it until its stdin is closed
	fence      string
}

func (j *retrier) try(t *testing.T) {
	t.Helper()
	if j.begun.IsZero() {
		j.begun = time.Now()
	}
	cmd := command(j.dir, append(append([]string{"run", "-n", "-q"}, j.flags...), "x.lock", "do", "say fence $FENCE", "read", "exit 3")...)
	cmd.Env = append(os.Environ(), "FILELOCK_STATE_DIR="+j.state)
	r := begin(t, cmd)
	line, ok := <-r.lines
	if !ok {
		r.end(t).wantCode(t, exitConflict)
		return
	}
	if d := time.Since(j.begun); d < aLease {
		t.Errorf("%s: it was taken over after %s", j.dir, d)
	}
	j.got, j.fence = r, strings.TrimPrefix(line, "fence ")
}

// takeOver returns when each of them has its lock.
func takeOver(t *testing.T, jobs []*retrier) {
	t.Helper()
	waitFor(t, "every lock is taken over", func() bool {
		all := true
		for _, j := range jobs {
			if j.got == nil {
				j.try(t)
			}
			all = all && j.got != nil
		}
		time.Sleep(200 * time.Millisecond) // each try is a process
		return all
	})
}

// A job of cron that only ever tries once and ends recovers the lock of an owner
// on a machine that is gone; so do all that watch.
func TestTheLeaseOfAnOwnerElsewhereEnds(t *testing.T) {
	t.Parallel()
	far := func() (dir string) {
		dir = t.TempDir()
		elsewhere(t, dir+"/x.lock", func(r *meta.Record) { r.LeaseMS = aLease.Milliseconds() })
		return dir
	}
	type seen struct { // the first line, or the end
		line string
		at   time.Duration
	}
	watchers := []struct {
		args string
		code exitCode
		says string // in the first line
		gone bool

		dir     string
		running *running
		seen    chan seen
	}{
		{args: "wait -w 120 x.lock"},
		{args: "wait -w 120 --network x.lock"},
		{args: "inspect -w 120 --network --json x.lock", code: exitStale, says: `"next":"filelock break --network `},
		{args: "run -w 120 x.lock echo ran", says: "ran", gone: true},
		{args: "run -w 120 --network x.lock echo ran", says: "ran", gone: true},
		{args: "reap --watch=1 --network .", code: -1, says: "lease-expired", gone: true},
	}
	begun := time.Now()
	for i := range watchers {
		w := &watchers[i]
		w.dir = far()
		cmd := command(w.dir, strings.Fields(w.args)...)
		cmd.Env = append(os.Environ(), "FILELOCK_STATE_DIR="+t.TempDir())
		w.running, w.seen = begin(t, cmd), make(chan seen, 1)
		go func() {
			line := <-w.running.lines
			w.seen <- seen{line, time.Since(begun)}
		}()
	}
	jobs := []*retrier{{dir: far(), state: t.TempDir()}, {dir: far(), state: t.TempDir(), flags: []string{"--network"}}}
	takeOver(t, jobs)
	for _, j := range jobs {
		j.got.letGo(t).wantCode(t, 3)
		wantEmptyDir(t, j.dir)
	}
	for _, w := range watchers {
		first := <-w.seen
		wantText(t, w.args, first.line, w.says)
		if first.at < aLease {
			t.Errorf("%s: it was over after %s", w.args, first.at)
		}
		if w.code >= 0 {
			w.running.end(t).wantCode(t, w.code)
		}
		if w.gone {
			wantEmptyDir(t, w.dir)
		} else if _, err := os.Stat(w.dir + "/x.lock"); err != nil {
			t.Error(err)
		}
	}
}

// unlock gives who is just breaking the lock a while to be done.
func TestUnlockOverANetworkIsKeptByAGuard(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pid := strconv.Itoa(os.Getpid())
	token := strings.TrimSpace(filelock(t, dir, "lock", "--network", "--pid", pid, "x.lock").wantCode(t, exitOK).out)
	elsewhere(t, dir+"/.x.lock.1.guard", func(r *meta.Record) { r.Kind, r.LeaseMS = meta.KindGuard, 30_000 })
	r := filelock(t, dir, "unlock", "--network", "--token", token, "x.lock").wantCode(t, exitHeld)
	wantText(t, "unlock", r.err, "pid 4711 on far is breaking it")
	if err := os.Remove(dir + "/.x.lock.1.guard"); err != nil {
		t.Fatal(err)
	}
	filelock(t, dir, "unlock", "--network", "--token", token, "x.lock").wantCode(t, exitOK)
	wantEmptyDir(t, dir)
}
