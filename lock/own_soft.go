package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
)

// own makes a file that was just created this owner's: kernel lock first, then
// the check that the path still names it and that nobody wrote to it, then the
// record. errAgain when somebody broke it in between, as may be done to a file
// without a kernel lock. After any other error the file is gone, or the error
// says that it is not.
func (softProtocol) own(h *handle, f fsys.File, token string, class fsys.Class) (_ *hold, err error) {
	var a attempt
	lease, before := h.leaseFor(true), time.Duration(0)
	if lease > 0 { // without one there is nothing to count
		before = h.cfg.host.Uptime()
	}
	defer func() {
		switch {
		case err == nil:
		case errors.Is(err, errOtherMount), errors.Is(err, errLate):
			if uerr := errors.Join(a.undo(h, f, token), f.Close()); uerr != nil {
				err = uerr
			}
		case errors.Is(err, errAgain):
			_ = f.Close() // the file is another's, or gone
		default:
			err = errors.Join(asLockError(h, err), a.undo(h, f, token), f.Close())
		}
	}()
	for try := 1; ; try++ {
		err := f.TryLock(fsys.Exclusive)
		if err == nil {
			a.locked = true
			break
		}
		if !errors.Is(err, fsys.ErrLocked) {
			return nil, err
		}
		if try == probeTries {
			return nil, errAgain // somebody is breaking it, or holds it as a hard lock
		}
		if try > probeSpins {
			h.cfg.host.Sleep(probePause)
		}
	}
	info, err := f.Info()
	if err != nil {
		return nil, err
	}
	if h.moved(info) {
		return nil, errOtherMount
	}
	switch now, err := h.dir.Lstat(h.name); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errAgain
	case err != nil:
		return nil, err
	case now.ID != info.ID || info.Size != 0:
		return nil, errAgain
	}
	a.checked = true
	if h.cfg.exact {
		if err := f.Chmod(h.cfg.mode); err != nil {
			return nil, err
		}
	}
	hd := &hold{file: f, id: info.ID, since: h.cfg.host.Now(), what: meta.Filling{Token: token}}
	hd.what.Created = hd.since
	hd.leaseMS = lease.Milliseconds()
	if err := h.raiseFence(hd); err != nil {
		return nil, err
	}
	if h.cfg.onBehalf == nil && lease == 0 {
		hd.what.KernelLock, hd.what.Inode, hd.what.Filesystem = true, info.Ino, class.Type
		hd.what.Device = info.Dev
	}
	if err := h.write(f, hd); err != nil {
		return nil, err
	}
	h.remember(f, info)
	if lease > 0 {
		if h.cfg.host.Uptime()-before >= lease {
			return nil, errLate
		}
		// From here on the record speaks for itself: a frozen owner must not hold
		// what cannot be taken from it.
		if err := f.Unlock(); err != nil {
			return nil, err
		}
		hd.letLease(h, lease, before)
	}
	return hd, nil
}

// write writes a soft lock's record.
func (h *handle) write(f fsys.File, hd *hold) error {
	room := buffers.Get().(*[]byte)
	defer buffers.Put(room)
	var b []byte
	var err error
	if hd.leaseMS == 0 && hd.fence == 0 {
		b, err = h.written((*room)[:0], &hd.what)
	} else {
		b, err = h.recordOf(hd).Encode()
	}
	if err != nil {
		return fmt.Errorf("lock %q: %w: %w", h.path, ErrOption, err)
	}
	if len(b)%fileUnit == 0 {
		b = spaced(b, len(b)+1)
	}
	*room = b
	return f.Write(b)
}

// release removes the file, if the path still names it, while the kernel lock
// on it is still ours. Another error than ErrLost leaves a file whose kernel
// lock is free: the next contender finds its owner dead, which it then is.
func (p softProtocol) release(h *handle, hd *hold) error {
	switch {
	case hd.claim != nil:
		return p.releaseNet(h, hd)
	case hd.lease != nil:
		return p.releaseLeased(h, hd)
	}
	err := unlinkOwn(h, hd.id)
	if err == nil {
		// The next file can be made. To close this one frees its inode, which takes
		// as long as all the rest: meanwhile who waits can be woken. Where others stand
		// at the gate the next goroutine of this process would find it still there.
		if hd.gate != nil {
			hd.gate.next()
		} else {
			h.tell(hd)
		}
	}
	if hd.chain.dup || err != nil && !errors.Is(err, ErrLost) {
		// A child with a duplicate of the descriptor is not to seem the owner,
		// nor to keep those asleep who are blocked on the file.
		err = errors.Join(err, hd.file.Unlock())
	}
	// Whatever lives on in a child of the kernel lock is on a file without a name.
	err = errors.Join(err, hd.file.CloseOnly())
	h.cfg.host.Tokens.Remove(hd.what.Token)
	return err
}

// unlinkOwn removes the file of a hold. The path is asked first whether the
// hold was lost; from then on it is given up, and that the file is gone is all
// that matters, whoever removed it.
func unlinkOwn(h *handle, id fsys.ID) error {
	switch named, err := fsys.Names(h.dir, h.name, id); {
	case err != nil:
		return err
	case !named:
		return h.lostError()
	}
	return fsys.Remove(h.dir, h.name, id)
}
