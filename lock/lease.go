package lock

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
)

const (
	// defaultLease is the lease of a soft lock where no kernel testifies.
	defaultLease = 60 * time.Second
	// leastLease leaves room for a renewal that fails and is repeated, on a
	// network that was cut for some seconds.
	leastLease = 10 * time.Second
)

// lease is the time for which a hold is ours, as counted by our own clock, which
// goes on while the machine is suspended. It begins before the last renewal that
// succeeded: an observer counts from when he saw the file changed by it, so he
// is through with a full lease later than we are. Once it is over it never
// begins again, whatever a late renewal says: by then the lock may be another's.
type lease struct {
	h      *handle
	hd     *hold
	token  string
	length time.Duration
	from   atomic.Int64 // a reading of Host.Uptime

	// The rest belongs to the keeper.
	next    time.Duration // when to renew, or after that when it is over
	at      int           // in the heap; -1: not in it
	busy    bool          // a renewal is under way
	stopped bool          // no more renewals
	idle    chan struct{} // closed by the renewal under way when it ends, if somebody waits for that
	file    fsys.File     // to be closed by it, because nobody does any more
}

func newLease(h *handle, hd *hold, length, from time.Duration) *lease {
	l := &lease{h: h, hd: hd, token: hd.what.Token, length: length, at: -1}
	l.from.Store(int64(from))
	return l
}

// until is the end of the lease; one so long that no clock reads it has none.
func (l *lease) until() time.Duration {
	from := time.Duration(l.from.Load())
	return from + min(l.length, math.MaxInt64-from)
}

// over: the lease is at its end.
func (l *lease) over() bool { return l.h.cfg.host.Uptime() >= l.until() }

// young: at least half the lease is left.
func (l *lease) young() bool { return l.h.cfg.host.Uptime() <= l.until()-l.length/2 }

// overdue marks the hold as lost if its lease is over; the caller has h.mu.
// Timers may be late: whoever is asked about the hold looks at the clock.
func (h *handle) overdue() {
	if hd := h.hold; hd != nil && hd.lease != nil && !hd.over && hd.lease.over() {
		hd.lose()
	}
}

// lose marks the hold as lost.
func (l *lease) lose() {
	l.h.mu.Lock()
	first := !l.hd.over
	l.hd.lose()
	l.h.mu.Unlock()
	if first {
		l.h.logLost(l.hd)
	}
}

// renew touches the file through our own descriptor: whatever the path may name
// by now, no other's file is renewed. held says whether the path still holds this
// acquisition, as far as can be seen.
func (l *lease) renew() (ok, held bool) {
	before := l.h.cfg.host.Uptime()
	err := l.hd.file.Touch()
	if err == nil && l.hd.claim != nil {
		err = l.reaches()
	}
	if err == nil && l.h.cfg.host.Uptime() < l.until() {
		l.from.Store(int64(before))
		ok = true
	}
	l.logRenewal(err)
	return ok, l.h.reap.MayHold(l.h.dir, l.h.name, l.token)
}

// reaches has the server know of a renewal. A client of NFSv4.2 to which the times
// of a file were delegated (RFC 9754, section 5; Linux 6.11) answers a touch out
// of its memory, also when it is cut off; and the server, when it has waited for
// that client in vain, gives another the file as it was. What is written and
// synced it has to ask the server to take.
func (l *lease) reaches() error {
	err := l.hd.file.Write([]byte(meta.Prefix[:1])) // which is there already
	if err == nil {
		err = l.hd.file.Sync()
	}
	if fsys.IsFull(err) { // it is the server that says so
		return nil
	}
	return err
}

// leaseFor is the lease of a lock that is about to be made; 0: none.
func (h *handle) leaseFor(kernelBacked bool) time.Duration {
	switch c := &h.cfg; {
	case c.onBehalf != nil: // nobody could renew it
		return 0
	case c.leased:
		return c.lease
	case kernelBacked:
		return 0
	}
	return defaultLease
}

// letLease begins the renewing of a hold's lease.
func (hd *hold) letLease(h *handle, length, from time.Duration) {
	hd.lease = newLease(h, hd, length, from)
	if h.cfg.host.Renews {
		keeper.add(hd.lease)
	}
}
