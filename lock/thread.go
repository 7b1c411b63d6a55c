package lock

import (
	"errors"
	"io/fs"

	"github.com/filelock-go/filelock/internal/fsys"
)

// toGate is true when the gate is ours at once, or cannot be had at all. Else
// it has parked a thread there.
func (f *front) toGate() bool {
	h := f.h
	at := spot{place: h.place(), barrier: atGate}
	if f.park = parks.find(at); f.park != nil {
		return false
	}
	g, err := h.openGate()
	if err == nil {
		if err = g.file.TryLock(fsys.Exclusive); err == nil {
			var named bool
			if named, err = g.named(); named {
				f.gate = g
				return true
			}
		}
	}
	if err != nil && !errors.Is(err, fsys.ErrLocked) {
		f.noGate = true
		h.logGate(err)
		if g != nil {
			g.leave()
		}
		return true
	}
	var started bool
	f.park, started = parks.join(at, func(p *parked) passage {
		g, err := h.enterGate(g, func() bool { return parks.wanted(p) })
		return passage{gate: g, err: err}
	}, dropped(h))
	switch {
	case started:
	case g != nil: // another was quicker, or there is no room
		g.leave()
	case f.park == nil: // nor will there be a gate soon
		f.noGate = true
	}
	return f.noGate
}

// toSoft parks a thread at the file of the owner that was seen. It asks for the
// shared lock, which disturbs nobody, and drops it before it tells anybody.
func (f *front) toSoft(id fsys.ID, ownerShares bool) {
	h, at := f.h, spot{place: f.h.place(), barrier: atSoft, id: id}
	how := fsys.Shared
	if ownerShares { // the shared lock would be granted at once
		how, at.mode = fsys.Exclusive, shared
	}
	f.park, _ = parks.join(at, func(*parked) passage {
		file, err := h.dir.Open(h.name, fsys.OpenRead)
		if errors.Is(err, fs.ErrNotExist) {
			return passage{}
		}
		if err != nil {
			return passage{err: err}
		}
		if file.OpenInfo().ID == at.id {
			if err = file.Lock(how); err == nil {
				err = file.Unlock()
			}
		}
		return passage{file: file, err: err}
	}, dropped(h))
}

// toFile parks a thread at the hard lock itself: what it is granted is the lock.
// The file may be open from the attempt that was just in vain.
func (f *front) toFile() {
	h, m := f.h, f.mode
	open := f.opened
	var started bool
	f.park, started = parks.join(spot{place: h.place(), barrier: atFile, mode: m}, func(p *parked) passage {
		let, err := h.waitForFile(p, m, open)
		if err != nil && let.file != nil {
			err = errors.Join(err, let.file.Close())
			let.file = nil
		}
		let.err = err
		return let
	}, dropped(h))
	if started {
		f.opened = nil
	}
}

// waitForFile waits for the order lock, so for its turn, and then for the lock.
// open is its file, if that is open.
func (h *handle) waitForFile(p *parked, m mode, open *passage) (let passage, err error) {
	if open != nil {
		let = *open
	} else if let, err = h.openToWait(); let.file == nil {
		return let, err
	}
	if m == shared {
		return let, let.file.Lock(fsys.Shared)
	}
	// Without the right to write there is no exclusive order lock, nor on a
	// directory: then the turn is not waited for.
	if h.inner() && let.file.OrderLock(fsys.Presence, fsys.Shared, false) == nil {
		if !parks.queues(p, let.file) {
			return passage{}, let.file.Close()
		}
		if err := let.file.OrderLock(fsys.Turn, fsys.Exclusive, true); err != nil {
			h.logGate(err)
		}
		if !parks.queues(p, let.file) {
			return passage{}, let.file.Close()
		}
	}
	return let, let.file.Lock(fsys.Exclusive)
}

// openToWait opens a hard lock's file; no file and no error if there is none.
func (h *handle) openToWait() (let passage, err error) {
	let.writable = true
	let.file, err = h.dir.Open(h.name, fsys.OpenWrite|fsys.OpenDirToo)
	if errors.Is(err, fs.ErrPermission) {
		let.writable = false
		let.file, err = h.dir.Open(h.name, fsys.OpenRead|fsys.OpenDirToo)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return passage{}, nil
	case err != nil:
		return passage{}, err
	}
	return let, nil
}

// dropped is what becomes of a passage that nobody waits for any more.
func dropped(h *handle) func(passage) {
	return func(p passage) {
		if p.gate != nil {
			p.gate.leave()
		}
		if p.file != nil {
			h.logGate(p.file.Close())
		}
	}
}

// drop gives back what an attempt was to use and has not used.
func (t *try) drop(h *handle) {
	if t.let != nil {
		dropped(h)(*t.let)
	}
	if t.open != nil {
		dropped(h)(*t.open)
	}
	dropped(h)(passage{gate: t.gate})
	t.gate, t.let, t.open = nil, nil, nil
}
