package netfs

import (
	"testing"
	"time"
)

func cutHalf(t *testing.T, r *Rig) {
	c1, c2 := r.Clients[0], r.Clients[1]
	owner, _ := r.holds(t, c1)
	waiter := r.waits(t, c2)
	time.Sleep(theLease / 3)
	c1.Cut()
	time.Sleep(theLease / 2)
	c1.Heal()
	time.Sleep(theLease) // whoever was to notice would have by now: a quarter and a half are over before
	owner.Say(t, "state")
	if got := owner.Line(t); got != "state locked=true" {
		t.Errorf("the owner was cut off for half a lease: %q, want state locked=true", got)
	}
	if got := waiter.Unread(); len(got) > 0 {
		t.Errorf("the waiter says %q, want nothing: the owner has the lock", got)
	}
	owner.leaves(t)
	waiter.Awaits(t, "held")
	waiter.leaves(t)
	r.works(t)
}

func cutTwo(t *testing.T, r *Rig) {
	c1, c2 := r.Clients[0], r.Clients[1]
	owner, _ := r.holds(t, c1)
	waiter := r.waits(t, c2)
	time.Sleep(theLease / 3)
	c1.Cut()
	cut := time.Now()
	_, taken := r.takesOver(t, waiter, r.renewed(t), cut)
	time.Sleep(time.Until(cut.Add(2 * theLease)))
	// It says so over its serial line, which is not cut.
	lost := owner.Awaits(t, "lost")
	t.Logf("%s", lost)
	if at := nanos(t, lost, 1); !at.Before(taken) {
		t.Errorf("the owner knew at %v that it had lost the lock, and the other had it at %v: want it the other way round", at, taken)
	}
	c1.Heal()
	r.lostForGood(t, owner, waiter)
}
