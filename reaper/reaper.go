// Package reaper decides, with evidence, whether the owner of a lock file is
// dead, and removes the locks of dead owners so that no fresh lock can ever be
// removed by mistake.
//
// Start with [Inspect], which says everything about one path, or [Judge] for
// the bare verdict. [Break] removes one lock, [Reap] all the dead ones below a
// directory, [Scan] lists them. Nothing is removed unless its owner is proved
// dead (or its lease over): when in doubt the owner is alive, or [Unknown].
//
// A verdict may be out of date by the time it is read, as any statement about
// another process. What is safe is to act on it through this package: Break
// judges and removes under a guard that makes sure that what is removed is
// exactly what was judged.
package reaper

import (
	"errors"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/meta"
)

// Verdict is what is known about the owner of a lock.
type Verdict string

const (
	Alive   Verdict = "alive"   // somebody holds the lock
	Dead    Verdict = "dead"    // the owner has ended; the lock may be broken
	Expired Verdict = "expired" // the owner's lease is over; the lock may be broken
	Unknown Verdict = "unknown" // neither can be proved from here; never broken automatically
)

// The rules, in the order in which they are tried; the first that applies
// decides. Scripts may depend on these names.
const (
	RuleKernelLockHeld = "kernel-lock-held" // alive: somebody holds a kernel lock on the file
	RuleKernelLockFree = "kernel-lock-free" // dead: the owner's kernel lock on this very file is gone
	RuleCreatorDied    = "creator-died"     // dead: an unfinished file whose creator's kernel lock is gone
	RuleOwnProcess     = "own-process"      // dead: this process wrote it and does not hold it
	RuleProcessGone    = "process-gone"     // dead: the owner's process does not exist any more
	RuleLeaseExpired   = "lease-expired"    // expired: not renewed for a full lease, as watched from here
	RuleLeaseRenewed   = "lease-renewed"    // alive: seen renewed less than a lease ago
	RuleProcessAlive   = "process-alive"    // alive: the owner's process runs
	RuleTorn           = "torn"             // dead: unfinished and unchanged for the torn grace, as watched from here
	RuleUnproven       = "unproven"         // unknown: anything else
)

// Judgment is a verdict and why.
type Judgment struct {
	Verdict  Verdict  // "" for a lock that is free
	Rule     string   // the rule that decided, one of the Rule constants; "" when free
	Evidence []string // what was seen, in sentences for people
	Missing  string   // with Unknown: the proof that would decide
}

// State is what a judgment means for somebody who wants the lock.
type State string

const (
	Free         State = "free"    // nobody has it
	Held         State = "held"    // a live owner has it
	Stale        State = "stale"   // a dead owner left it, or its lease is over
	StateUnknown State = "unknown" // it cannot be told
)

// Status is everything known about one lock at one moment.
type Status struct {
	Path  string
	State State
	Mode  string // "exclusive" or "shared" when held, "" when free or not known
	Kind  string // the record's kind; "pid file" and the like for a foreign lock; "" when there is none
	Judgment
	Record  *meta.Record       // nil when there is no whole record of our format
	Foreign *meta.ForeignOwner // of a lock of another program that is understood
	Raw     []byte             // the bytes judged, at most meta.MaxSize+1 of them
	Content meta.Class         // what the bytes are
	Exists  bool               // there is a file at Path
	Size    int64              // of the file
	ModTime time.Time          // of the file

	info     fsys.Info
	class    fsys.Class
	recalled bool // rests on what was known of the owner before the look
	passing  bool // the kernel lock seen may be somebody's passing probe or break
	unseen   bool // it changed hands, or was not to be opened, at each look: nothing is known of what is there
	denied   error
	probe    error // why its kernel lock could not be probed, where only that would have decided
}

// Holder is a live process that has the lock, as far as can be seen from here.
type Holder struct {
	PID     int
	Program string
	User    string
	KnownBy string // "descriptor": its open file has the kernel lock; "/proc/locks": it took the kernel lock; "record": the lock file names it and it is alive
}

// Action is what Reap did with a lock, or would do.
type Action string

const (
	Broken     Action = "broken"      // removed
	WouldBreak Action = "would-break" // dead or expired, kept because of Options.DryRun
	Kept       Action = "kept"        // free, held by a live owner, or unknown
	Failed     Action = "failed"      // could not be judged, or not removed; the error says why
)

// Outcome is what became of one lock.
type Outcome struct {
	Status
	Action Action
	Err    error // with Failed
}

// Options changes what Break, Scan and Reap do. The zero value is right for most.
type Options struct {
	Token    string        // Break: the caller vouches that this acquisition is over
	Force    bool          // Break: remove whatever is there unless somebody holds a kernel lock on it
	DryRun   bool          // Reap: remove nothing
	All      bool          // Scan: also foreign lock files that are recognised
	Cross    bool          // Scan, Reap: do not stay on the directory's filesystem
	Network  bool          // treat every directory as one on a network filesystem
	Patience time.Duration // how long one path may take to answer; 0 means 10 s
}

// DefaultPatience is how long one path may take to answer.
const DefaultPatience = 10 * time.Second

var (
	// ErrRefused: the lock was not broken, since its owner is alive or not
	// proved dead; errors.As with *RefusedError tells which.
	ErrRefused = errors.New("not broken")
	// ErrChanged: the path does not hold the lock any more that was judged or
	// named by its token. Nothing was removed.
	ErrChanged = errors.New("the lock changed meanwhile")
	// ErrNoAnswer: the path did not answer within Options.Patience.
	ErrNoAnswer = errors.New("no answer from the filesystem")
)

// RefusedError is returned by Break for a lock that it must not remove. It
// matches ErrRefused.
type RefusedError struct{ Status Status }

// Reaper judges and breaks in one world. The package's functions are those of
// the real one.
type Reaper struct {
	host    *host.Host
	network bool // every directory is treated as one on a network filesystem
}

// In returns the reaper of another world: this project's simulated ones. Its
// argument cannot be made outside this module.
func In(h *host.Host) *Reaper { return &Reaper{host: h} }

var real = In(host.Real)

// AsNetwork is the same reaper, which treats every directory as one on a network
// filesystem if on is true: where other machines can open it too, though this
// one's kernel takes it for its own (the server of an NFS export).
func (r *Reaper) AsNetwork(on bool) *Reaper { return &Reaper{host: r.host, network: on || r.network} }

// classOf is the class of a file's filesystem. A mount has one for as long as it
// is there, and its number is not used again, so each is asked once: over a
// network that is a request.
func (r *Reaper) classOf(f fsys.File, info fsys.Info) (c fsys.Class, err error) {
	known, ok := r.host.Classes.Load(info.Mount)
	if ok && info.Mount != 0 {
		c = known.(fsys.Class)
	} else {
		if c, err = f.Class(); err != nil {
			return c, err
		}
		if info.Mount != 0 {
			r.host.Classes.Store(info.Mount, c)
		}
	}
	if r.network {
		c.Local = false
	}
	return c, nil
}
