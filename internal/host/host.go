// Package host is the world as one process sees it: its filesystem, the
// processes of its kernel, itself, and the passing of time. Lock and reaper
// know the world only through a [Host], so that a simulated one can be put
// under the very same code.
package host

import (
	"encoding/hex"
	"sync"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/random"
	"github.com/filelock-go/filelock/internal/sights"
	"github.com/filelock-go/filelock/meta"
)

// Host is one process's world. Its fields are set once and not changed.
type Host struct {
	FS       fsys.FS
	Self     func() meta.Identity                 // who this process is
	Of       func(pid int) (meta.Identity, error) // who another is
	Look     func(pid int) meta.Process           // what the kernel says about another
	NewToken func() string                        // a UUID that nobody else has
	Now      func() time.Time
	Uptime   func() time.Duration  // by a clock that counts while the machine is suspended
	Sleep    func(d time.Duration) // the short pauses between bounded repetitions
	Wakes    bool                  // fsys.File.Lock waits, so a waiter need not poll
	Renews   bool                  // leases are renewed by the clock
	Parks    func()                // nil, or called by each goroutine that is about to be blocked in it
	Tokens   Tokens                // what this process holds or is taking
	Sights   Sights                // what was seen of files that only time can judge
	Classes  sync.Map              // fsys.Class of mounts, by fsys.Info.Mount
}

// Real is this process.
var Real = &Host{
	FS:       fsys.Real,
	Self:     meta.Self,
	Of:       meta.Of,
	Look:     meta.Look,
	NewToken: newToken,
	Now:      time.Now,
	Uptime:   meta.Uptime,
	Sleep:    time.Sleep,
	Wakes:    true,
	Renews:   true,
	Sights:   Sights{kept: sights.Open()},
}

// newToken is a UUID of RFC 9562: hexadecimal digits in groups of 8, 4, 4, 4
// and 12.
func newToken() string {
	var u [16]byte
	random.Read(u[:])
	u[6] = u[6]&0x0f | 0x40 // version 4: random
	u[8] = u[8]&0x3f | 0x80 // the variant
	var text [36]byte
	at := 0
	for _, group := range [...][]byte{u[:4], u[4:6], u[6:8], u[8:10], u[10:]} {
		if at > 0 {
			text[at] = '-'
			at++
		}
		at += hex.Encode(text[at:], group)
	}
	return string(text[:])
}

// With is the same world seen through another filesystem, by a process that
// holds nothing there.
func (h *Host) With(f fsys.FS) *Host {
	return &Host{FS: f, Self: h.Self, Of: h.Of, Look: h.Look, NewToken: h.NewToken, Now: h.Now, Uptime: h.Uptime, Sleep: h.Sleep, Wakes: h.Wakes, Renews: h.Renews}
}

// Tokens is the set of acquisitions that a process holds or is taking. A token
// is entered before its file is created and removed after the file is gone, so
// a record of this very process whose token is not in it belongs to nobody
// (rule own-process).
type Tokens struct {
	mu  sync.Mutex
	set map[string]struct{}
}

// Enter adds a token.
func (t *Tokens) Enter(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.set == nil {
		t.set = make(map[string]struct{})
	}
	t.set[token] = struct{}{}
}

// Remove takes a token out again.
func (t *Tokens) Remove(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.set, token)
}

// Has says whether this process holds or is taking the acquisition.
func (t *Tokens) Has(token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.set[token]
	return ok
}
