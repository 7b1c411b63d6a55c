package lock

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
)

// The gate puts the waiters of different processes in the order of their
// coming. It is a kernel lock: who waits for the lock waits for the gate first,
// where the kernel keeps the order, and has it until he has let the lock go
// again. So each release wakes one waiter, the next in turn, and who comes new,
// or has just let go, sees the gate and waits too, even if the lock is free at
// that moment. Without a gate all would wake each time, and who has just let go
// would be the first to take the lock again.
//
// The gate orders and never excludes. Where it cannot be made, is removed, is
// left by a crash or held by a process that is stopped, locking stays right:
// nobody waits at the gate without trying the lock itself from time to time.
//
// A hard lock's gate is an order lock of its own file, where there is one.
// Otherwise the gate is the kernel lock on a side file, which only contended
// locks have. Who waits or has the gate shares the order lock of those present;
// who can have that for himself alone is the last, and removes the file.

// gate is a side file whose kernel lock is held: its holder is the next in turn.
type gate struct {
	h        *handle
	file     fsys.File
	id       fsys.ID
	readOnly bool // another user's: the exclusive order lock cannot be had
	past     bool // the next in turn was let through
}

// errGate: others wait for the lock in order, so an attempt that waits its turn
// was not made; or, of a hard lock whose gate is in its file, others have it.
var errGate = errors.New("others have the lock or wait for it")

// errForeignGate: what has the gate's name is somebody's file.
var errForeignGate = errors.New("the file has contents or another name: it is not a gate")

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
	readOnly := errors.Is(err, fs.ErrPermission)
	if readOnly {
		// Another user's: to wait in order it is enough to read it.
		f, err = h.dir.Open(h.gate, fsys.OpenRead)
	}
	if err != nil {
		return nil, err
	}
	info := f.OpenInfo()
	g := &gate{h: h, file: f, id: info.ID, readOnly: readOnly}
	if !fsys.MayBeGate(info) {
		// Whose file it is may wait for its lock: whoever may write in the directory
		// can have made a link to it.
		return nil, errors.Join(&fs.PathError{Op: "lock", Path: g.path(), Err: errForeignGate}, f.Close())
	}
	if err := f.OrderLock(fsys.Presence, fsys.Shared, false); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, errors.Join(err, f.Close())
	}
	return g, nil
}

// enterGate waits until the gate is the caller's; the thread is blocked
// meanwhile. g is a gate that was opened, nil if none was. nil when the gate is
// removed again and again, or nobody waits for it any more.
func (h *handle) enterGate(g *gate, wanted func() bool) (_ *gate, err error) {
	for round := 1; round <= gateRounds && wanted(); round++ {
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
	if g != nil {
		g.leave()
	}
	return nil, nil
}

func (g *gate) named() (bool, error) { return fsys.Names(g.h.dir, g.h.gate, g.id) }

// pass is called when the lock is taken. Where there are order locks the gate
// is kept until the lock is let go. Without them it could not be told then
// whether anybody waits, unless the next in turn has had the time to wake up
// and has the gate by then: so there he is let through now.
func (g *gate) pass() {
	if !fsys.OrderLocks {
		g.logged(g.file.Unlock())
	}
}

// next lets the next in turn through, once he can have the lock: before its last
// owner has done all that is left to do.
func (g *gate) next() {
	if fsys.OrderLocks {
		g.past = true
		g.logged(g.file.Unlock())
	}
}

// leave gives the gate up, after the lock was let go or by one who does not
// wait for it any more: first of all, for the next in turn is woken by that. The
// last removes the file.
//
// The shared order lock is dropped before the exclusive one is asked for: of
// two who leave at once and keep theirs meanwhile, neither would be alone, and
// the gate would stay.
func (g *gate) leave() {
	var err error
	if !g.past {
		err = g.file.Unlock()
	}
	switch {
	case err != nil:
	case !fsys.OrderLocks:
		err = g.file.TryLock(fsys.Exclusive)
	default:
		if err = g.file.OrderUnlock(); err == nil {
			err = g.alone()
		}
	}
	last := err == nil
	if last {
		err = g.remove()
	}
	err = ignoring(err, fsys.ErrLocked, fs.ErrPermission)
	if last || err != nil {
		err = errors.Join(err, g.close())
	} else { // it has no lock any more
		err = g.file.CloseOnly()
	}
	g.logged(err)
}

// alone is fsys.ErrLocked if others wait at the gate or have it. If not, nobody
// can begin to until it is closed; where it can only be read somebody can, and
// loses his place.
func (g *gate) alone() error {
	if !g.readOnly {
		return g.file.OrderLock(fsys.Presence, fsys.Exclusive, false)
	}
	others, err := g.file.OrderHeld(fsys.Presence)
	if others {
		return fsys.ErrLocked
	}
	return err
}

func (g *gate) path() string { return filepath.Join(g.h.dir.Path(), g.h.gate) }

// remove leaves a file alone that has something in it by now: nothing of ours
// has.
func (g *gate) remove() error {
	now, err := g.h.dir.Lstat(g.h.gate)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && now.ID != g.id:
		return nil
	case err != nil:
		return err
	case now.Size > 0:
		return &fs.PathError{Op: "unlink", Path: g.path(), Err: errForeignGate}
	}
	return fsys.Remove(g.h.dir, g.h.gate, g.id)
}

// close drops all locks before the descriptor, of which a child that is just
// being started may have a copy for an instant. The gate itself comes first:
// somebody waits for it.
func (g *gate) close() error {
	err := errors.Join(g.file.Unlock(), ignoring(g.file.OrderUnlock(), errors.ErrUnsupported))
	return errors.Join(err, g.file.CloseOnly())
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
