package lock

import (
	"sync"
	"sync/atomic"

	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/meta"
)

// No record is ever synced to the disk, nor is its directory. Nothing in a lock
// file has to outlive a power cut: after it there is no owner. What may be left
// is a file that is empty, half a record or a whole one, and whose kernel lock
// nobody has, as after any other death.

// buffers are for writing records into.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, 1024)
	return &b
}}

// written appends a record to b. All but a few words of it are the same each
// time, and are written once for each handle; for those without options of
// their own, which are most, once for the process.
func (h *handle) written(b []byte, what *meta.Filling) ([]byte, error) {
	form := h.form.Load()
	if form == nil {
		c := &h.cfg
		plain := c.host == host.Real && c.onBehalf == nil && c.note == "" && c.labels == nil && c.program == ""
		shared := &plainForms.soft
		if h.proto.kind() == meta.KindFile {
			shared = &plainForms.file
		}
		if plain {
			form = shared.Load()
		}
		if form == nil {
			var err error
			if form, err = meta.NewForm(*h.newRecord("")); err != nil {
				return nil, err
			}
			if plain {
				shared.Store(form)
			}
		}
		h.form.Store(form)
	}
	return form.AppendRecord(b, what)
}

var plainForms struct{ soft, file atomic.Pointer[meta.Form] }

const (
	// pageSize is the smallest page of any platform: what lies within one is
	// not torn by a signal in the middle of a write.
	pageSize = 4096
	// fileUnit is the unit of a hard lock's record's length. No soft lock's has
	// such a length, so a file's size tells them apart.
	fileUnit = 64
)

// padded fills a record up with spaces, which JSON ignores, to a multiple of
// fileUnit and at least to the length of what it is written over, where that
// can be.
func padded(b []byte, old int64) []byte {
	n := (len(b) + fileUnit - 1) / fileUnit * fileUnit
	if old > int64(n) && old <= pageSize {
		n = (int(old) + fileUnit - 1) / fileUnit * fileUnit
	}
	return spaced(b, min(n, meta.MaxSize))
}

// spaced puts spaces before the final newline until b has n bytes.
func spaced(b []byte, n int) []byte {
	if len(b) >= n {
		return b
	}
	b = b[:len(b)-1]
	for len(b) < n-1 {
		b = append(b, ' ')
	}
	return append(b, '\n')
}
