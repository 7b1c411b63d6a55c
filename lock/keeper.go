package lock

import (
	"container/heap"
	"sync"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
)

// keeper renews all leases of the process, and says when one is over. It has one
// alarm and one goroutine, as long as there are leases, however many. What may
// hang, the renewals themselves, are goroutines of their own: never more than
// one for a lease, nor than renewers for a filesystem, so that a dead mount
// blocks neither the renewals on others nor, above all, the clock.
var keeper leaseKeeper

const renewers = 64

type leaseKeeper struct {
	mu      sync.Mutex
	due     leaseHeap
	alarm   *meta.Alarm // nil: the goroutine does not run
	running map[uint64]*renewing
}

// renewing is what goes on on one filesystem.
type renewing struct {
	now     int
	waiting []*lease
}

// A lease is renewed after a quarter of it, so that a renewal that takes its time
// is still within a third. One that failed is repeated soon.
func (l *lease) nextRenewal() time.Duration { return time.Duration(l.from.Load()) + l.length/4 }

func (l *lease) retry() time.Duration {
	return l.h.cfg.host.Uptime() + min(max(l.length/20, 250*time.Millisecond), 5*time.Second)
}

func (k *leaseKeeper) add(l *lease) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l.next = min(l.nextRenewal(), l.until())
	heap.Push(&k.due, l)
	if k.alarm == nil {
		k.alarm = meta.NewAlarm()
		go k.run(k.alarm)
	}
	k.wind()
}

// wind sets the alarm, or ends it when there is nothing left to do.
func (k *leaseKeeper) wind() {
	switch {
	case k.alarm == nil:
	case len(k.due) > 0:
		k.alarm.Set(k.due[0].next)
	default:
		k.alarm.Set(0) // to end the goroutine
	}
}

func (k *leaseKeeper) run(a *meta.Alarm) {
	defer a.Close()
	for range a.C() {
		over, ended := k.turn()
		for _, l := range over {
			l.lose()
		}
		if ended {
			return
		}
	}
}

// turn does all that is due. It returns the leases that are over, and whether
// none is left.
func (k *leaseKeeper) turn() (over []*lease, ended bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.due) > 0 {
		l := k.due[0]
		if now := l.h.cfg.host.Uptime(); now < l.next {
			break
		}
		if l.over() {
			heap.Remove(&k.due, l.at)
			l.stopped = true
			over = append(over, l)
			continue
		}
		if !l.busy {
			l.busy = true
			k.begin(l)
		}
		l.next = l.until() // until the renewal says something else
		heap.Fix(&k.due, l.at)
	}
	if len(k.due) == 0 {
		k.alarm = nil
		return over, true
	}
	k.wind()
	return over, false
}

// begin starts a renewal, or has it wait for others on the same filesystem.
func (k *leaseKeeper) begin(l *lease) {
	dev := l.hd.id.Dev
	r := k.running[dev]
	if r == nil {
		if k.running == nil {
			k.running = make(map[uint64]*renewing)
		}
		r = &renewing{}
		k.running[dev] = r
	}
	if r.now == renewers {
		r.waiting = append(r.waiting, l)
		return
	}
	r.now++
	go k.renewals(dev, r, l)
}

// renewals renews one lease, and then those that waited.
func (k *leaseKeeper) renewals(dev uint64, r *renewing, l *lease) {
	for l != nil {
		ok, held := false, true
		if !k.isStopped(l) {
			ok, held = l.renew()
		}
		if !held && !k.isStopped(l) { // else its owner is removing it
			l.lose()
		}
		l = k.renewed(dev, r, l, ok)
	}
}

func (k *leaseKeeper) isStopped(l *lease) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return l.stopped
}

// renewed notes the end of a renewal; it returns the next lease to renew.
func (k *leaseKeeper) renewed(dev uint64, r *renewing, l *lease, ok bool) *lease {
	k.mu.Lock()
	defer k.mu.Unlock()
	l.busy = false
	switch {
	case l.stopped:
		if l.idle != nil {
			close(l.idle)
		}
		if l.file != nil {
			_ = l.file.Close() // nobody is left to tell
		}
	case l.at >= 0:
		l.next = l.retry()
		if ok {
			l.next = l.nextRenewal()
		}
		l.next = min(l.next, l.until())
		heap.Fix(&k.due, l.at)
		k.wind()
	}
	if len(r.waiting) > 0 {
		next := r.waiting[0]
		r.waiting = r.waiting[1:]
		return next
	}
	if r.now--; r.now == 0 {
		delete(k.running, dev)
	}
	return nil
}

// renewalGrace is how long the release of a lock waits for a renewal under way.
const renewalGrace = time.Second

// stop ends the renewing. It is false when a renewal hangs: then the file, which
// it uses, is closed when it comes back.
func (k *leaseKeeper) stop(l *lease, file fsys.File) bool {
	k.mu.Lock()
	l.stopped = true
	if l.at >= 0 {
		heap.Remove(&k.due, l.at)
		k.wind()
	}
	if !l.busy {
		k.mu.Unlock()
		return true
	}
	l.idle = make(chan struct{})
	idle := l.idle
	k.mu.Unlock()
	t := time.NewTimer(renewalGrace)
	defer t.Stop()
	select {
	case <-idle:
		return true
	case <-t.C:
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !l.busy {
		return true
	}
	l.file = file
	return false
}

// leaseHeap is ordered by what is due first.
type leaseHeap []*lease

func (h leaseHeap) Len() int           { return len(h) }
func (h leaseHeap) Less(i, j int) bool { return h[i].next < h[j].next }
func (h leaseHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i]; h[i].at, h[j].at = i, j }

func (h *leaseHeap) Push(x any) {
	l := x.(*lease)
	l.at = len(*h)
	*h = append(*h, l)
}

func (h *leaseHeap) Pop() any {
	old := *h
	l := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	l.at = -1
	return l
}
