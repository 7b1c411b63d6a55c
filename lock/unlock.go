package lock

import (
	"errors"
	"fmt"
	"time"
)

func (h *handle) unlock() error {
	if h.turn == nil {
		return ErrNotLocked
	}
	h.mu.Lock()
	h.overdue()
	switch {
	case h.hold == nil:
		h.mu.Unlock()
		return fmt.Errorf("unlock %q: %w", h.path, ErrNotLocked)
	case h.n > 1:
		h.n--
		over := h.hold.over
		h.mu.Unlock()
		if over {
			return h.lostError()
		}
		return nil
	}
	h.mu.Unlock()
	return h.end(false)
}

func (h *handle) forceUnlock() error {
	if h.turn == nil || !h.taken() {
		return nil
	}
	return h.end(true)
}

// end ends the hold if this is still the last lock, or in any case with force.
// The turn keeps a Lock on this handle away until the file is released.
func (h *handle) end(force bool) error {
	h.turn <- struct{}{}
	h.mu.Lock()
	if h.hold == nil || (h.n > 1 && !force) { // others were quicker
		h.mu.Unlock()
		<-h.turn
		if force {
			return nil
		}
		return h.unlock()
	}
	h.overdue()
	hd := h.hold
	h.hold, h.n = nil, 0
	over := hd.over
	h.mu.Unlock()
	var start time.Time
	if h.logs() {
		start = time.Now()
	}
	queues.leaving()
	err := h.release(hd)
	<-h.turn
	if hd.lease != nil || over || err != nil {
		h.mu.Lock() // the keeper may just be finding it lost
		switch {
		case hd.over:
			err = h.lostError()
		case errors.Is(err, ErrLost):
			hd.lose()
		}
		h.mu.Unlock()
	}
	h.logRelease(hd, start, err)
	h.tell(hd)
	return err
}

// tell tells the waiters of this process, once, that a hold is over. One that a
// call took which nobody waited for was never counted.
func (h *handle) tell(hd *hold) {
	if hd.counted {
		hd.counted = false
		queues.released(h, hd.mode)
	}
}

// release lets go of a hold, and then of the place in the order it came with.
func (h *handle) release(hd *hold) error {
	err := h.proto.release(h, hd)
	if hd.gate != nil {
		hd.gate.leave()
	}
	return err
}

func (h *handle) lostError() error { return fmt.Errorf("unlock %q: %w", h.path, ErrLost) }
