package netfs

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// These measure what the documentation says of network filesystems. They assert
// nothing: a kernel may do better.
func init() {
	measure := []string{"measure"}
	scenarios = append(scenarios,
		scenario{"how stale is what a client sees", measure, measureStaleness, 0},
		scenario{"whose clock stamps a file", measure, measureClock, 0},
		scenario{"granularity of timestamps", measure, measureGranularity, 0},
		scenario{"a counter file under a correct lock", measure, measureCounter, 0},
		scenario{"the kernel lock of a killed client", measure, measureKernelLock, 0},
		scenario{"unlinking an open file", measure, measureUnlinked, 0},
	)
}

// measured prints a result in a form that is easy to find.
func (r *Rig) measured(t *testing.T, format string, args ...any) {
	t.Helper()
	t.Logf("MEASURED %s: %s", r.System.name, fmt.Sprintf(format, args...))
}

// measureStaleness: c2 looks every 20 ms, in every way it can, while c1 changes
// a file, each way of looking at one of its own.
func measureStaleness(t *testing.T, r *Rig) {
	c1, c2 := r.Clients[0], r.Clients[1]
	change := c1.Role(t, "change", clientDir)
	change.Awaits(t, "ready")
	look := c2.Role(t, "look", clientDir)
	look.Awaits(t, "ready")
	change.Say(t, "go")
	at, err := strconv.ParseInt(strings.TrimPrefix(change.Awaits(t, "changed "), "changed "), 10, 64)
	must(t, err)
	for range sights {
		kind, when, _ := strings.Cut(look.Line(t), " ")
		if when == "never" {
			r.measured(t, "%s: not seen within %v", kind, mostStale)
			continue
		}
		seen, err := strconv.ParseInt(when, 10, 64)
		must(t, err)
		r.measured(t, "%s: seen after %v", kind, time.Duration(seen-at).Round(time.Millisecond))
	}
}

// measureClock: c1's clock is an hour fast; what time do its files have?
func measureClock(t *testing.T, r *Rig) {
	c1 := r.Clients[0]
	f := clientDir + "/clock"
	c1.Run(t, "date", "-s", "+1 hour")
	for _, how := range []string{"create", "write", "touch"} {
		c1.Act(t, "stamp", f, how)
		mtime, err := strconv.ParseInt(r.Server.Run(t, "stat", "-c", "%Y", serverDir+"/clock"), 10, 64)
		must(t, err)
		whose := "the server's clock"
		if time.Until(time.Unix(mtime, 0)) > 30*time.Minute {
			whose = "the client's clock"
		}
		r.measured(t, "mtime after %s: %s", how, whose)
	}
	c1.Crash() // and its clock is right again
}

func measureGranularity(t *testing.T, r *Rig) {
	r.measured(t, "%s", r.Clients[0].Act(t, "granularity", clientDir+"/granularity"))
}

// measureCounter: both clients add to a number in a file, under a lock.
func measureCounter(t *testing.T, r *Rig) {
	const rounds = 30
	for _, how := range []string{"open", "kept", "direct", "kernel"} {
		var ps []*Process
		for _, c := range r.Clients {
			ps = append(ps, c.Role(t, "count", clientDir+"/count."+how, strconv.Itoa(rounds), how))
		}
		for _, p := range ps {
			p.Succeeds(t)
		}
		s := r.Excluded(t)
		if want := len(ps) * rounds; s.Enters != want {
			t.Errorf("%d enters, want %d", s.Enters, want)
		}
		r.forget(t)
		r.measured(t, "counter (%s): %s of %d", how, r.Clients[1].Run(t, "cat", clientDir+"/count."+how), len(ps)*rounds)
	}
}

// measureKernelLock: a client is killed with a kernel lock. When does the other
// get it?
func measureKernelLock(t *testing.T, r *Rig) {
	c1, c2 := r.Clients[0], r.Clients[1]
	f := clientDir + "/flock"
	c1.Role(t, "flock", f, "hold").Awaits(t, "held")
	if got := c2.Act(t, "flock", f, "0s"); !strings.Contains(got, "not") {
		r.measured(t, "flock does not exclude between clients")
		return
	}
	c1.Crash()
	r.measured(t, "flock of a killed client: %s", c2.Act(t, "flock", f, "90s"))
}

// measureUnlinked: what is left of a file that is unlinked while it is open.
func measureUnlinked(t *testing.T, r *Rig) {
	c1, c2 := r.Clients[0], r.Clients[1]
	for _, holder := range []*Guest{c1, c2} {
		f := clientDir + "/unlinked." + holder.Name
		p := holder.Role(t, "open", f)
		p.Awaits(t, "open")
		r.measured(t, "%s has a file open, and c1 unlinks it: %s", holder.Name, c1.Act(t, "unlink", f))
		r.measured(t, "then the server has %q, c2 sees %q", r.Server.Run(t, "ls", "-A", serverDir), c2.Run(t, "ls", "-A", clientDir))
		r.measured(t, "then c2 creates it with O_EXCL: %s", c2.Act(t, "create", f))
		p.Say(t, "use")
		r.measured(t, "then %s uses its descriptor: %s", holder.Name, p.Line(t))
		p.Close(t)
		p.Wait(t)
		r.measured(t, "when it is closed the server has %q", r.Server.Run(t, "ls", "-A", serverDir))
		c1.Act(t, "empty", clientDir)
	}
}
