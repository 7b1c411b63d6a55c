package explore

import (
	"fmt"

	"github.com/filelock-go/filelock/internal/simfs"
)

// Call is a thing that a program asks of the world.
type Call uint8

const (
	Done     Call = iota // the program is over
	Again                // it did not get the lock, and begins anew
	GaveUp               // a call failed, and the program ends
	Create               // open(O_CREAT|O_EXCL)
	Open                 // open for reading
	OpenFile             // open for writing, perhaps with O_CREAT
	Lstat
	Fstat
	Read
	Write // in two steps: others may look, and the writer be killed, in between
	Truncate
	Lock
	Unlock
	Close
	Unlink
	List
	Look // what the kernel says about the process of a record
	Hold // whether the lock was held for long

	// For programs that break locks as others do.
	MoveAside // rename to a name of one's own
	MoveBack  // and link it back
	Drop      // remove it under that name

	// For waiters whom the kernel wakes.
	Wait    // Lock that is over when it is granted
	Leave   // whether the waiter leaves
	Ordered // whether others are said to wait in order
)

var callNames = [...]string{"end", "again", "give up", "create", "open", "open-file", "lstat", "fstat", "read", "write", "truncate", "lock", "unlock", "close", "unlink", "list", "look", "hold", "rename aside", "link back", "remove what is aside", "wait for the lock", "leave the queue", "look at the queue"}

// An Op is one call, in the program's own terms: descriptors, records and
// inodes are numbered in the order in which it met them, from 1.
type Op struct {
	Call  Call
	FD    int8       // the descriptor, from 0
	Mode  simfs.Mode // Lock
	Make  bool       // OpenFile makes the file if there is none
	Sized bool       // Lstat, Fstat: size and time matter
	Hands bool       // Hold: it matters whether that is too long to hand the lock over
	Rec   int8       // Look: whose process; Write: what
	Attr  Attr       // Write: of what kind
	Ino   int8       // Write: the inode that the record names
}

// movedFile is the descriptor of a Read of what was moved aside.
const movedFile = simfs.Files

func (o Op) String() string {
	s := callNames[o.Call]
	switch o.Call {
	case Lock, Wait:
		return s + " " + [...]string{"none", "shared", "exclusive"}[o.Mode]
	case OpenFile:
		if o.Make {
			return "open-or-create"
		}
	case Look:
		return fmt.Sprintf("look at process of record %d", o.Rec)
	}
	return s
}

// Outcome is what came of a call.
type Outcome uint8

const (
	OK Outcome = iota
	Exists
	Missing // no such file
	Refused // another has the kernel lock
	Tired   // Refused, and so on until the program gives up
	Failed  // EIO; in the models where replies are lost, it may have happened
	Gone    // there is no such process
	Short   // not held for long
	Fair    // long, but not too long to be handed over
	No
)

var outcomeNames = [...]string{"", "exists", "no such file", "refused", "refused until it gives up", "failed", "gone", "short", "not too long", "no"}

// Attr is what a record says that matters.
type Attr uint8

const (
	Hard     Attr = 1 << iota // of a hard lock
	Kernel                    // kernel_lock
	Behalf                    // on_behalf
	Own                       // names this very process, as whoever reads it
	Stranger                  // of another PID namespace than the reader
)

// An Answer is what a call came to, in the asker's terms.
type Answer struct {
	Outcome Outcome
	Ino     int8          // Open, Lstat, Fstat
	Size    Size          // where it matters
	Content simfs.Content // Read
	Attr    Attr          // Read: of a record met for the first time
	RecIno  int8          // Read: the inode that such a record names
}

// Elsewhere is the inode of a record that names another than any its reader
// knows.
const Elsewhere = 90

// Size is what matters of a file's size and time stamp.
type Size uint8

const (
	SizeNotTold Size = iota
	SizeEmpty
	SizeOurs  // as the asker's last write left it, as far as size and stamp tell
	SizeOther // anything else
)
