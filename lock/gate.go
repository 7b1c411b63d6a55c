package lock

import (
	"errors"
	"io/fs"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
)

// The gate puts the waiters of different processes in the order of their
// coming. It is a kernel lock that one of them holds while it waits for the
// lock: the others wait for the gate, where the kernel keeps the order, and who
// comes new sees it and waits too, even if the lock is free just now. Without a
// gate all would wake at each release, and who has just released would be the
// first to take the lock again.
//
// The gate orders and never excludes. Where it cannot be made, is removed, is
// left by a crash or held by a process that is stopped, locking stays right:
// nobody waits at the gate without trying the lock itself from time to time.
//
// A hard lock's gate is the order lock of its own file, where there is one.
// Otherwise the gate is the kernel lock on a side file, which only contended
// locks have. Who waits at it holds its order lock as well, shared: who can
// have that exclusively is alone, and removes the file.

const gateSuffix = ".gate"

func gateName(name string) string { return "." + name + gateSuffix }

// gate is a side file whose kernel lock is held: its holder is the next in turn.
type gate struct {
	h    *handle
	file fsys.File
	id   fsys.ID
}

// errGate: others wait for the lock in order, so an attempt that waits its turn
// was not made.
var errGate = errors.New("others wait for the lock")

// wakes: waiters are woken by the kernel here, so there are threads to park
// and gates.
func (h *handle) wakes() bool {
	return h.cfg.host.Wakes && h.local.Load() && fsys.LocksBelongToFile
}

// inner: the gate is the order lock of the lock's own file.
func (h *handle) inner() bool { return fsys.OrderLocks && h.proto.kind() == meta.KindFile }

// queued says whether others wait at the side file, for an attempt that would
// wait its turn. What cannot be told is no reason to wait.
func (h *handle) queued() bool {
	if !h.wakes() {
		return false
	}
	there, err := h.dir.Has(h.gate)
	return err == nil && there
}

// gateRounds bounds the attempts to open a gate that others are removing.
const gateRounds = 64

// openGate opens the side file, making it if need be, and counts as one who
// waits at it from then on.
func (h *handle) openGate() (*gate, error) {
	for round := 1; ; round++ {
		g, err := h.openGateOnce()
		if !errors.Is(err, fsys.ErrLocked) && !errors.Is(err, fs.ErrNotExist) || round == gateRounds {
			return g, err
		}
		if round > probeSpins {
			h.cfg.host.Sleep(probePause)
		}
	}
}

func (h *handle) openGateOnce() (*gate, error) {
	f, err := h.dir.Open(h.gate, fsys.OpenWrite|fsys.OpenCreate)
	if errors.Is(err, fs.ErrPermission) {
		// Another user's: to wait in order it is enough to read it.
		f, err = h.dir.Open(h.gate, fsys.OpenRead)
	}
	if err != nil {
		return nil, err
	}
	g := &gate{h: h, file: f, id: f.OpenInfo().ID}
	if g.id == (fsys.ID{}) {
		info, err := f.Info()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		g.id = info.ID
	}
	if err := f.OrderLock(fsys.Shared, false); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, errors.Join(err, f.Close())
	}
	return g, nil
}

// enterGate waits until the gate is the caller's; the thread is blocked
// meanwhile. g is a gate that was opened, nil if none was. nil when the gate is
// removed again and again, or nobody waits for it any more.
//
// A gate that is open is waited for in any case: whoever passed meanwhile may
// have left it to the one who has it open to remove it.
func (h *handle) enterGate(g *gate, wanted func() bool) (_ *gate, err error) {
	for round := 1; g != nil || round <= gateRounds && wanted(); round++ {
		if g == nil {
			if g, err = h.openGate(); err != nil {
				return nil, err
			}
		}
		err := g.file.Lock(fsys.Exclusive)
		if err == nil {
			var named bool
			if named, err = g.named(); named {
				return g, nil
			}
		}
		if err = errors.Join(err, g.close()); err != nil {
			return nil, err
		}
		g = nil
	}
	return nil, nil
}

func (g *gate) named() (bool, error) { return fsys.Names(g.h.dir, g.h.gate, g.id) }

// pass lets the next one through, and removes the gate if there is none. Where
// the kernel has no order locks that cannot be told before the next one had
// the time to wake up: then the gate is to be left later, when the lock is let
// go, and pass returns true.
func (g *gate) pass() (later bool) {
	if !fsys.OrderLocks {
		if err := g.file.Unlock(); err == nil {
			return true
		}
		g.logged(g.close())
		return false
	}
	err := g.file.OrderLock(fsys.Exclusive, false)
	if err == nil {
		err = g.remove() // nobody waits, and nobody can begin to
	}
	g.logged(errors.Join(ignoring(err, fsys.ErrLocked, fs.ErrPermission), g.close()))
	return false
}

// leave is what pass was not yet: the end of a gate that was passed.
func (g *gate) leave() {
	err := g.file.TryLock(fsys.Exclusive)
	if err == nil {
		err = g.remove()
	}
	g.logged(errors.Join(ignoring(err, fsys.ErrLocked, fs.ErrPermission), g.close()))
}

// abandon gives the gate up without having got the lock.
func (g *gate) abandon() {
	if g.pass() {
		g.leave()
	}
}

// forgo gives up a gate that is open and cannot be waited for. Who passed
// meanwhile may have left it to be removed here; who passes in this very
// instant may leave it to nobody, and then it is there until the next time.
func (g *gate) forgo() {
	err := ignoring(g.file.OrderUnlock(), errors.ErrUnsupported)
	if err == nil && g.file.TryLock(fsys.Exclusive) == nil {
		g.abandon()
		return
	}
	g.logged(errors.Join(err, g.close()))
}

func (g *gate) remove() error {
	switch named, err := g.named(); {
	case err != nil:
		return err
	case !named:
		return nil
	}
	return fsys.Remove(g.h.dir, g.h.gate, g.id)
}

// close drops both locks before the descriptor, of which a child that is just
// being started may have a copy for an instant.
func (g *gate) close() error {
	err := g.file.OrderUnlock()
	return errors.Join(ignoring(err, errors.ErrUnsupported), g.file.Close())
}

// logged: what goes wrong at the gate costs order, nothing else.
func (g *gate) logged(err error) { g.h.logGate(err) }

// ignoring is err unless it is one of those that are expected.
func ignoring(err error, expected ...error) error {
	for _, e := range expected {
		if errors.Is(err, e) {
			return nil
		}
	}
	return err
}
