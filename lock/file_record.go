package lock

import (
	"bytes"
	"errors"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// A hard lock's file says who has the lock, unless it is somebody's data. Nothing
// is decided by it.

// fileRecordStart begins every hard lock's record, and nothing else that is
// anybody's: what begins so is written over without being read to its end.
var fileRecordStart = []byte(`{"format":"` + meta.Format + `","kind":"` + meta.KindFile + `",`)

// meet looks at the contents of a file whose kernel lock was granted. A soft
// record without kernel_lock, or with one on another inode (a copy, the same
// file through another mount), may have a live owner all the same; then the
// status is returned. mayWrite: it is a hard lock's record, or the beginning
// of one, and nobody's data.
func (fileProtocol) meet(h *handle, f fsys.File) (_ *reaper.Status, mayWrite bool, err error) {
	room := buffers.Get().(*[]byte)
	defer buffers.Put(room)
	start := (*room)[:len(fileRecordStart)]
	n, err := f.ReadInto(start)
	if err != nil {
		return nil, false, err
	}
	if bytes.Equal(start[:n], fileRecordStart) {
		return nil, true, nil
	}
	b, err := f.Read(meta.MaxSize + 1)
	if err != nil {
		return nil, false, err
	}
	switch c := meta.Parse(b); {
	case c.Class == meta.Torn:
		return nil, true, nil
	case c.Class == meta.Complete && c.Record.Kind == meta.KindFile:
		return nil, true, nil
	case meta.Mixed(b, c):
		return nil, true, nil // not written whole; this mends it
	case c.Class != meta.Newer && c.Record == nil:
		return nil, false, nil
	}
	st, err := h.reap.JudgeLocked(h.path, f)
	switch {
	case err != nil:
		return nil, false, err
	case st.Content == meta.Newer:
		return nil, false, notLockFile(h.path, &st)
	case st.State != reaper.Stale:
		return &st, false, nil
	}
	return nil, false, nil
}

// identify gives a hold the token that it is known by. One that is not written
// anywhere is made when somebody asks for it.
func (h *handle) identify(hd *hold) {
	if hd.what.Token == "" {
		hd.what.Token = h.cfg.host.NewToken()
	}
}

// inform writes the record over what is there. Whoever reads or kills in
// between must find a record, the beginning of one, or an empty file, never a
// mixture of two: so the new one is written with a single call and is as long
// as the old. What spans pages cannot be written as one, and makes room first.
// A failure leaves the lock as it is; the file only informs.
func (h *handle) inform(hd *hold, now fsys.Info) error {
	room := buffers.Get().(*[]byte)
	defer buffers.Put(room)
	b, err := h.written((*room)[:0], &hd.what)
	if err != nil {
		return err
	}
	b = padded(b, now.Size)
	*room = b
	if max(int64(len(b)), now.Size) > pageSize && now.Size > 0 {
		if err := hd.file.Truncate(0); err != nil {
			return err
		}
	}
	from := hd.what.Created
	if err := hd.file.Write(b); err != nil {
		return errors.Join(err, hd.file.Truncate(0)) // no half of a record
	}
	hd.since = h.cfg.host.Now()
	hd.wrote = ownRecord{id: hd.id, size: int64(len(b)), from: from, to: hd.since}
	hd.chain.wrote = &hd.wrote
	h.wrote.Store(&hd.wrote)
	return nil
}

// ownRecord remembers the record that this handle wrote last, under the
// exclusive lock, so that the next acquisition need not read it to know that
// it is no user's data.
type ownRecord struct {
	id       fsys.ID
	size     int64
	from, to time.Time
}

// clockStep is how far a local filesystem's time stamps may lag behind the
// clock that Host.Now reads: one timer tick of 10 ms at the slowest, and some.
const clockStep = 20 * time.Millisecond

// is: the same inode, of a length that only hard locks' records have, last
// changed while we wrote it.
func (o *ownRecord) is(now fsys.Info) bool {
	return o != nil && o.id == now.ID && o.size == now.Size && o.size%fileUnit == 0 &&
		!now.ModTime.Before(o.from.Add(-clockStep)) && !now.ModTime.After(o.to)
}
