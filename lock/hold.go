package lock

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// hold is one acquisition, however deeply nested.
type hold struct {
	file    fsys.File
	id      fsys.ID
	mode    mode
	since   time.Time
	what    meta.Filling  // of the record; without a token if there is none, see identify
	wrote   ownRecord     // see fileProtocol
	lost    chan struct{} // made when somebody asks for it
	over    bool          // lost is, or would be, closed
	counted bool          // queues knows of it; see tell
	gate    *gate         // to be left when the lock is let go
	claim   *reaper.Claim // where no kernel lock testifies
	lease   *lease        // nil: it never expires

	leaseMS int64  // of the record
	fence   uint64 // of the record
	chain   chain
}

// lose marks a hold as lost; the caller has the handle's mu.
func (hd *hold) lose() {
	if hd.over {
		return
	}
	hd.over = true
	if hd.lost != nil {
		close(hd.lost)
	}
}

func (h *handle) record() (meta.Record, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hold == nil || h.hold.mode == shared { // which is known by nothing
		return meta.Record{}, false
	}
	h.identify(h.hold)
	return *h.recordOf(h.hold), true
}

// recordOf is what a hold writes into its file.
func (h *handle) recordOf(hd *hold) *meta.Record {
	r := h.newRecord("") // the form's, too
	hd.what.FillIn(r)
	r.LeaseMS, r.Fence = hd.leaseMS, hd.fence
	return r
}

func (h *handle) dup() (*os.File, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hold == nil {
		return nil, fmt.Errorf("dup %q: %w", h.path, ErrNotLocked)
	}
	if h.hold.claim != nil || h.hold.lease != nil {
		// No kernel lock goes with it, and over NFS the open file would keep a name
		// after its removal.
		return nil, fmt.Errorf("dup %q: the lock is not its descriptor's: %w", h.path, errors.ErrUnsupported)
	}
	h.hold.chain.dup = true
	return h.hold.file.Dup()
}

// newRecord is the record of an acquisition, but for what taking it adds.
func (h *handle) newRecord(token string) *meta.Record {
	c := &h.cfg
	r := &meta.Record{Format: meta.Format, Kind: h.proto.kind(), Token: token, Created: c.host.Now().UTC(), Note: c.note, Labels: c.labels}
	if c.onBehalf != nil {
		r.SetOwner(*c.onBehalf)
		r.OnBehalf = true
	} else {
		r.SetOwner(c.host.Self())
	}
	if c.program != "" {
		r.Program = c.program
	}
	return r
}
