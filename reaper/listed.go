package reaper

import (
	"bytes"
	"errors"
	"sync"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
)

// desk is what the looks of one goroutine use one after the other.
type desk struct {
	text   [4 << 10]byte // room for a record as they usually are
	recall recall
	free   bool // the kernel lock of the file before was
}

// listed looks at a regular file that the walk came across. It is opened once
// and read once, and most files are no locks: their kernel locks are none of
// our business. The verdict on a lock is that of Examine.
func (w *walker) listed(d *place, name string, k *desk) (st Status, isLock bool, err error) {
	f, err := d.Open(name, fsys.OpenListed)
	if err != nil {
		return Status{Path: join(d, name)}, false, err
	}
	info := f.OpenInfo()
	if info.Links > 1 {
		defer w.linked.alone(info.ID)() // until the file is closed, and its kernel lock dropped
	}
	st, isLock, err = w.opened(d, name, f, info, k)
	if cerr := f.Close(); cerr != nil {
		err = errors.Join(err, cerr)
	}
	if errors.Is(err, errMoved) {
		st, err = w.r.Examine(d, name, isOurs(name))
	}
	return st, isLock, err
}

func (w *walker) opened(d *place, name string, f fsys.File, info fsys.Info, k *desk) (st Status, isLock bool, err error) {
	s := sighting{info: info, recall: &k.recall, named: isOurs(name), likelyFree: k.free}
	n, err := f.ReadInto(k.text[:])
	switch {
	case err != nil:
		return Status{Path: join(d, name)}, false, err
	case !w.isLock(k.text[:n]) && !(isOurs(name) && meta.Parse(k.text[:n]).Class == meta.Torn):
		return Status{Path: join(d, name)}, false, nil
	case n < len(k.text):
		s.raw = bytes.Clone(k.text[:n]) // the status keeps it
	default:
		s.raw, err = f.Read(meta.MaxSize + 1)
	}
	if err == nil {
		s.class, err = d.classOf(w.r, f, s.info)
	}
	if err != nil {
		return Status{Path: join(d, name)}, true, err
	}
	s.content = meta.Parse(s.raw)
	st, err = w.r.judgeOpened(d, name, f, &s)
	k.free = s.lock == lockFree
	return st, true, err
}

// isLock says whether a file that begins with text is a lock, as far as this
// walk is concerned. A foreign lock file is a pid and perhaps two lines, never
// large.
func (w *walker) isLock(text []byte) bool {
	const foreignMax = 512
	switch {
	case bytes.HasPrefix(text, []byte(meta.Prefix)):
		return true
	case !w.o.All, len(text) == 0, text[0] == '{', len(text) > foreignMax:
		return false
	}
	return meta.Parse(text).Class == meta.Foreign
}

// classOf is the class of an opened file's filesystem. It is asked for once in a
// directory: what is on the device that the directory is on is in the same
// filesystem, which cannot go, and another come under its number, while the
// directory is open. Anything else (a file mounted over another) is asked
// itself.
func (p *place) classOf(r *Reaper, f fsys.File, info fsys.Info) (fsys.Class, error) {
	near := p.inside && info.Dev == p.dev
	if c := p.class.Load(); near && c != nil {
		return *c, nil
	}
	c, err := r.classOf(f, info)
	if err == nil && near {
		p.class.Store(&c)
	}
	return c, err
}

// inHand are the inodes with several names that are being probed, each by one
// goroutine at a time: probes of one inode would see each other's kernel locks.
type inHand struct {
	mu   sync.Mutex
	busy map[fsys.ID]chan struct{} // closed when it is not any more
}

// alone waits until nobody else has id in hand. The result lets it go.
func (h *inHand) alone(id fsys.ID) (done func()) {
	mine := make(chan struct{})
	for {
		h.mu.Lock()
		other, busy := h.busy[id]
		if !busy {
			if h.busy == nil {
				h.busy = make(map[fsys.ID]chan struct{})
			}
			h.busy[id] = mine
		}
		h.mu.Unlock()
		if !busy {
			break
		}
		<-other
	}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.busy, id)
		close(mine)
	}
}
