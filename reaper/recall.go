package reaper

import (
	"time"

	"github.com/filelock-go/filelock/meta"
)

// recall remembers what kinship said about owners, so that a directory full of
// the locks of a few processes asks the kernel about each process and not about
// each lock. It belongs to one goroutine of one scan, and nothing else has one.
//
// An answer was true when it was given, and that was before the record was read
// for which it is recalled. How far is it still true?
//
//   - The owner was alive. It may have ended since. Its lock is then reported
//     as held, a moment longer than it was: a scan is never of one instant, and
//     that is the side on which to err.
//   - The owner was dead. It stays dead: it is known by its pid and its start,
//     and whoever has the pid later has another start. (A record without a start
//     could be of that later process, so that answer is not remembered.) For two
//     processes of one pid and one start the pids would have to go round within
//     one tick of the kernel's clock, 10 ms: see below.
//   - The owner is not of this kernel or PID namespace. Neither changes.
//   - The kernel would not say. That is not remembered.
//
// Nothing is removed on the strength of what is recalled: [Reaper.Reap] judges
// such a lock once more, afresh, before it breaks it.
type recall struct {
	known map[process]acquaintance
	asOf  time.Time // the first answer known
}

// process is enough to find an owner by; whether it is the same one is asked then.
type process struct {
	pid         int
	start, boot string
}

type acquaintance struct {
	owner meta.Identity
	kinship
}

const (
	// recallFor is how long an answer is good for, whatever the scan's consumer
	// does in between.
	recallFor = 100 * time.Millisecond
	// Records are a stranger's: how much of them is remembered is bounded.
	recallMost = 256
	recallText = 2 << 10 // bytes of the record
)

// kinship is Reaper.kinship, or what that said a moment ago.
func (m *recall) kinship(r *Reaper, rec *meta.Record) (k kinship, recalled bool) {
	owner := rec.Owner()
	owner.Instance, owner.User, owner.Program = "", "", "" // not asked about
	is, now := process{rec.PID, rec.Start, rec.BootID}, time.Now()
	if len(m.known) == recallMost || now.Sub(m.asOf) > recallFor {
		clear(m.known)
	}
	if a, ok := m.known[is]; ok && a.owner == owner {
		return a.kinship, true
	}
	k = r.kinship(rec)
	if k.fleeting || k.gone() && rec.Start == "" {
		return k, false
	}
	if m.known == nil {
		m.known = make(map[process]acquaintance)
	}
	if len(m.known) == 0 {
		m.asOf = now
	}
	m.known[is] = acquaintance{owner, k}
	return k, false
}
