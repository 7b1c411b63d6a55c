// Package meta is what a lock file says and who says it: the [Record] that is
// the contents of a lock file, reading one as hostile input ([Parse]), and the
// identity of processes ([Self], [Of], [Look]).
//
// Start with [Record]. The package decides nothing about who is dead; that is
// package reaper.
package meta

import (
	"encoding/json"
	"errors"
	"time"
)

// Format is the version of the record that this package writes and understands.
const Format = "filelock/1"

// Prefix is how every lock file of this project begins, whatever its version.
const Prefix = `{"format":"filelock/`

// MaxSize is the largest record in bytes, newline included. What is longer is
// not a record, and is never read further than one byte past it.
const MaxSize = 16 << 10

// The kinds of lock file.
const (
	KindSoft  = "soft"  // the file is the lock
	KindFile  = "file"  // the operating system's lock on the file is the lock; the record only informs
	KindGuard = "guard" // a soft lock that guards the breaking of another
)

// ErrTooLarge is returned by [Record.Encode] for a record beyond [MaxSize].
var ErrTooLarge = errors.New("record is larger than 16 KiB")

// Record is the contents of a lock file. The field names are the keys in Go
// spelling; a zero field is an absent key, except for the required ones
// (format, token, pid, hostname, created).
type Record struct {
	Format   string    // "filelock/1"
	Kind     string    // KindSoft, KindFile or KindGuard
	Token    string    // a UUID that names this one acquisition, never used twice
	PID      int       // the owner
	Hostname string    // the owner's host, for people: an equal name proves nothing
	Instance string    // random, one per copy of the library loaded in a process
	OnBehalf bool      // another process wrote this for PID
	Created  time.Time // for people; never used in a verdict

	Start         string // when PID started, as its operating system says it, unconverted; decimal
	BootID        string // the boot of the kernel in which PID and Start are valid
	MachineID     string // the machine of that kernel
	PIDNamespace  string // the PID namespace in which PID is valid; decimal
	TimeNamespace string // the time namespace in which Start is valid; decimal

	User    string // for people
	Program string // for people: the program's name, never its arguments

	KernelLock bool   // the owner took an exclusive kernel lock on this very inode first, and keeps it until it ends
	Inode      string // with KernelLock: the inode number as the owner saw it; decimal
	Filesystem string // with KernelLock: the filesystem's type as the owner saw it
	Device     string // with KernelLock: the filesystem's device number as the owner saw it, which means something until the next boot; decimal

	LeaseMS int64  // the owner renews at least every third of it; 0: never expires
	Fence   uint64 // grows with every acquisition of the path; 0: not asked for

	Note   string            // the user's own
	Labels map[string]string // the user's own

	Extra map[string]json.RawMessage // keys of the same format version that this package does not know, kept as they were
}

// Class says what the contents of a file are.
type Class int

const (
	Malformed Class = iota // none of the others
	Complete               // a whole record of our format
	Torn                   // empty, or a strict prefix of a record of our format
	Newer                  // a record of this project in a format version newer than ours
	Foreign                // a lock file of another program, recognised
)

// Content is what [Parse] found.
type Content struct {
	Class   Class
	Record  *Record       // Complete only
	Foreign *ForeignOwner // Foreign only
	Version string        // Newer only: the format it says
	Reason  string        // Malformed only: why, for people
}

// ForeignOwner is what another program's lock file says about its owner.
type ForeignOwner struct {
	Format   string // "pid file", "Python filelock", for people
	PID      int
	Hostname string // "" when the file does not say
	Start    string // the foreign start token as it stands; comparable with nothing of ours
}
