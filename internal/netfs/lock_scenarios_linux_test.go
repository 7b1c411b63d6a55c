package netfs

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

const theLock = clientDir + "/job.lock"

func init() {
	ci := []string{"ci", "lock"}
	scenarios = append(scenarios,
		scenario{"owners are killed", ci, ownersKilled, 40},
		scenario{"an owner's machine is killed", ci, machineKilled, 25},
		scenario{"an owner's machine is frozen for three leases", ci, machineFrozen, 40},
		scenario{"the network is cut for half a lease", ci, cutHalf, 20},
		scenario{"the network is cut for two leases", ci, cutTwo, 30},
		scenario{"the server is killed and started again", ci, serverKilled, 27},
	)
}

// ownersKilled: 2 clients with 8 processes each take turns for 20 s, and many of
// them are killed with the lock held. Never are two inside, and nothing is left.
func ownersKilled(t *testing.T, r *Rig) {
	const each, lasts = 8, 20 * time.Second
	start := func(c *Guest) *Process { return c.Role(t, "work", theLock, "8") }
	var all []*Process
	for _, c := range r.Clients {
		for range each {
			all = append(all, start(c))
		}
	}
	kills := 0
	// Over SMB a file may be made whose maker is told that it was not. It is taken
	// for one whose maker died, which takes its time.
	begin := time.Now()
	goOn := func() bool {
		lasted := time.Since(begin)
		return lasted < lasts || lasted < 4*lasts && r.Ask(t).Enters < 2*each
	}
	for ; goOn(); time.Sleep(20 * time.Millisecond) {
		for i, p := range all {
			if !p.Ended() {
				continue
			}
			if code := p.Wait(t); code != -1 {
				t.Fatalf("%s: a worker ended with %d: %s", p.guest.Name, code, p.Output())
			}
			kills++
			all[i] = start(p.guest)
		}
	}
	if r.Ask(t).Enters < 2*each {
		r.explain(t)
	}
	for _, p := range all {
		p.Close(t)
	}
	for _, p := range all {
		if code := p.Wait(t); code == -1 {
			kills++
		} else if code != 0 {
			t.Errorf("%s: a worker ended with %d: %s", p.guest.Name, code, p.Output())
		}
	}
	s := r.Excluded(t)
	t.Logf("%d holdings, %d owners were killed, %d of their locks were taken over", s.Enters, kills, s.Replaced)
	if s.Enters < 2*each || kills == 0 {
		t.Errorf("%d holdings, %d killed: too few to show anything", s.Enters, kills)
	}
	if s.Replaced > kills {
		t.Errorf("%d owners were replaced, but %d were killed", s.Replaced, kills)
	}
	r.works(t)
}

// works: both clients can take the lock, and nothing is left of it then.
func (r *Rig) works(t *testing.T) {
	t.Helper()
	for _, c := range r.Clients {
		p := c.Role(t, "once", theLock)
		for end := time.Now().Add(patience / 2); !p.Ended(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				r.explain(t)
				t.Fatalf("%s cannot take the lock", c.Name)
			}
		}
		p.Succeeds(t)
	}
	r.Excluded(t)
	// What one client has removed another may see for a second (SMB).
	var left string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if left = r.left(t); left == "" {
			return
		}
	}
	t.Errorf("at rest there is still %q", left)
	r.explain(t)
}

// left is what there is in the directory but for fences, which stay, and over SMB
// for what a breaker has put aside: the server keeps that for as long as it takes
// the dead machine for the owner of an open file.
func (r *Rig) left(t *testing.T) string {
	t.Helper()
	var left []string
	for _, n := range strings.Fields(r.Server.Run(t, "ls", "-A", serverDir)) {
		aside := r.System.name == smb.name && strings.HasSuffix(n, ".gone")
		if !strings.HasSuffix(n, ".fence") && !aside {
			left = append(left, n)
		}
	}
	return strings.Join(left, " ")
}

// holds starts an owner and returns when it has the lock and has told the
// witness.
func (r *Rig) holds(t *testing.T, c *Guest) (p *Process, fence int) {
	t.Helper()
	p = c.Role(t, "hold", theLock)
	fence = fenceOf(t, p.Awaits(t, "held"))
	for r.Ask(t).Inside == "" {
		time.Sleep(20 * time.Millisecond)
	}
	return p, fence
}

// waits starts another, which is to wait.
func (r *Rig) waits(t *testing.T, c *Guest) *Process {
	t.Helper()
	p := c.Role(t, "hold", theLock)
	p.Awaits(t, "waiting")
	return p
}

func fenceOf(t *testing.T, held string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.Fields(held)[1])
	must(t, err)
	return n
}

// nanos is the time that is the nth word of a line.
func nanos(t *testing.T, line string, n int) time.Time {
	t.Helper()
	ns, err := strconv.ParseInt(strings.Fields(line)[n], 10, 64)
	must(t, err)
	return time.Unix(0, ns)
}

// renewed is when the lock was renewed last, by the clock of the server, which
// is that of all machines here.
func (r *Rig) renewed(t *testing.T) time.Time {
	t.Helper()
	s := r.Server.Run(t, "stat", "-c", "%.9Y", serverDir+"/job.lock")
	sec, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	must(t, err)
	return time.UnixMicro(int64(sec * 1e6))
}

// takesOver waits until the other has the lock, which must be after the lease's
// end and, counted from when the owner ended or was cut off, within the lease and
// 5 s.
func (r *Rig) takesOver(t *testing.T, p *Process, renewed, ended time.Time) (fence int, at time.Time) {
	t.Helper()
	line := p.Awaits(t, "held")
	at = nanos(t, line, 2)
	t.Logf("taken over %v after the last renewal, %v after the owner's end", at.Sub(renewed).Round(time.Millisecond), at.Sub(ended).Round(time.Millisecond))
	if d := at.Sub(renewed); d < theLease {
		t.Errorf("the lock was taken over %v after its last renewal, before its lease of %v was over", d, theLease)
	}
	within := theLease + 5*time.Second
	if r.System.name == smb.name {
		// The server waits for the client that does not answer before it lets
		// another rename what that has open.
		within = patience
	}
	if d := at.Sub(ended); d > within {
		t.Errorf("the lock was taken over %v after its owner's end, want within %v", d, within)
	}
	return fenceOf(t, line), at
}

// leaves has an owner leave, and its Unlock succeed.
func (p *Process) leaves(t *testing.T) {
	t.Helper()
	p.Say(t, "leave")
	if got := p.Awaits(t, "ended"); got != `ended "<nil>"` {
		t.Errorf("%s: %s, want no error", p.guest.Name, got)
	}
}

func machineKilled(t *testing.T, r *Rig) {
	c1, c2 := r.Clients[0], r.Clients[1]
	_, fence1 := r.holds(t, c1)
	waiter := r.waits(t, c2)
	time.Sleep(theLease / 3) // the owner renews, the waiter looks
	c1.Crash()
	fence2, _ := r.takesOver(t, waiter, r.renewed(t), time.Now())
	if fence2 <= fence1 {
		t.Errorf("the fence was %d, and is %d, want a greater one", fence1, fence2)
	}
	waiter.leaves(t)
	r.Excluded(t)
	r.RestartClient(t, c1)
	r.works(t)
}

func machineFrozen(t *testing.T, r *Rig) {
	c1, c2 := r.Clients[0], r.Clients[1]
	owner, fence1 := r.holds(t, c1)
	var resource fenced
	must(t, resource.write(fence1))
	waiter := r.waits(t, c2)
	time.Sleep(theLease / 3)
	// A freeze between the look at the lock and the report would have the owner
	// report once after the thaw: what no lease can keep out, and a fence is for.
	owner.Say(t, "quiet")
	owner.Awaits(t, "state")
	c1.Freeze(t)
	frozen := time.Now()
	fence2, _ := r.takesOver(t, waiter, r.renewed(t), frozen)
	must(t, resource.write(fence2))
	time.Sleep(time.Until(frozen.Add(3 * theLease)))
	c1.Thaw(t)
	woke, lost := owner.Awaits(t, "woke"), owner.Awaits(t, "lost")
	t.Logf("frozen for %v; %s; %s", time.Since(frozen).Round(time.Second), woke, lost)
	if !strings.HasSuffix(woke, "locked=false") {
		t.Errorf("%s: the owner's machine was frozen for three leases: want Locked() false at once", woke)
	}
	for i, what := range map[int]string{2: "Lost() was closed", 3: "Do's context was cancelled"} {
		if ms, err := strconv.Atoi(strings.Fields(lost)[i]); err != nil || ms > 100 {
			t.Errorf("%s %d ms after the thaw (%v), want within 100 ms", what, ms, err)
		}
	}
	if !strings.Contains(lost, "locked=false cause=") || !strings.Contains(lost, "lost") {
		t.Errorf("%s: want Locked() false, and a cause that says lost", lost)
	}
	if err := resource.write(fence1); err == nil {
		t.Errorf("a write with the fence %d is accepted after one with %d", fence1, fence2)
	}
	must(t, resource.write(fence2))
	r.lostForGood(t, owner, waiter)
}

// fenced is a resource that rejects who comes late: it remembers the highest
// fence that it has seen (as in lock.ExampleWithFence).
type fenced struct{ highest int }

func (f *fenced) write(fence int) error {
	if fence < f.highest {
		return fmt.Errorf("fence %d is older than %d", fence, f.highest)
	}
	f.highest = fence
	return nil
}

// lostForGood: who has lost the lock ends, and its successor keeps it.
func (r *Rig) lostForGood(t *testing.T, loser, successor *Process) {
	t.Helper()
	loser.Say(t, "leave")
	if got := loser.Awaits(t, "ended"); !strings.Contains(got, "lost") {
		t.Errorf("the one that lost the lock: %s, want an error that says lost", got)
	}
	successor.Say(t, "state")
	if got := successor.Awaits(t, "state"); got != "state locked=true" {
		t.Errorf("its successor: %s, want locked=true", got)
	}
	if got := r.left(t); got != "job.lock" {
		t.Errorf("there is %q, want the successor's job.lock", got)
	}
	successor.leaves(t)
	r.works(t)
}

func serverKilled(t *testing.T, r *Rig) {
	c1, c2 := r.Clients[0], r.Clients[1]
	owner, _ := r.holds(t, c1)
	waiter := r.waits(t, c2)
	time.Sleep(theLease / 3)
	start := time.Now()
	r.RestartServer(t)
	r.Witness(t)
	t.Logf("the server is up again after %v", time.Since(start).Round(10*time.Millisecond))
	// Whether the owner could renew in time depends on how long that took. Either
	// it has the lock still, or knows that it has lost it.
	time.Sleep(theLease + theLease/2)
	owner.Say(t, "state")
	state := ""
	for state == "" {
		if l := owner.Line(t); strings.HasPrefix(l, "state") {
			state = l
		} else {
			t.Log(l)
		}
	}
	t.Logf("the owner: %s", state)
	switch state {
	case "state locked=true":
		if got := waiter.Unread(); len(got) > 0 {
			t.Errorf("the waiter says %q, want nothing: the owner has the lock", got)
		}
		owner.leaves(t)
		waiter.Awaits(t, "held")
		waiter.leaves(t)
		r.works(t)
	default:
		waiter.Awaits(t, "held")
		r.lostForGood(t, owner, waiter)
	}
}
