package lock

import (
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// chain is a row of holds of one hard lock by handles of this process, each of
// which handed the open file with its kernel lock over to the next: nothing is
// let go and taken again but in memory.
type chain struct {
	id       fsys.ID
	began    time.Time  // when the kernel lock was taken
	wrote    *ownRecord // what its last holder wrote into the file
	writable bool
	dup      bool // a child may have the lock too
}

// longestChain bounds how long the waiters of one process keep a hard lock
// among themselves. Those of other processes that wait in order end a chain at
// once; a program that knows nothing of the order, flock(1) say, shows nowhere.
const longestChain = 10 * time.Millisecond

// join begins a chain, or goes on with the one in which the lock was handed over.
func (c *chain) join(h *handle, t *try, hd *hold, writable bool) {
	if t.let != nil && t.let.chain != nil {
		*c = *t.let.chain
		return
	}
	*c = chain{id: hd.id, began: hd.since, writable: writable}
}

// handOver gives the lock to a waiter of this process, unless others wait for
// it in order or a child has it too: for the child it is not over.
func (h *handle) handOver(hd *hold) bool {
	if hd.mode != exclusive || hd.chain.dup || !queues.waited(h, exclusive) || h.cfg.host.Now().Sub(hd.chain.began) > longestChain {
		return false
	}
	if h.inner() {
		if others, err := hd.file.OrderHeld(fsys.Presence); err != nil || others {
			return false
		}
	} else if h.queued() {
		return false
	}
	c := hd.chain
	return queues.give(h, &passage{file: hd.file, writable: c.writable, chain: &c})
}
