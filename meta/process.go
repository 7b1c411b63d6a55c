package meta

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/filelock-go/filelock/internal/random"
)

// ErrNoProcess: there is no such process, or it has ended.
var ErrNoProcess = errors.New("no such process")

// Every operating system's file defines these; here is what they mean.
//
//   - maxOwnPID: the largest number that can be a process id here.
//   - look(pid int) Process, for a pid in that range.
//   - about(pid int) (user, program string): for people, "" when not known.
//   - bootID() string: one boot of one kernel, "" when it is not to be had.
//   - machineID() string: the machine of that kernel, likewise.
//   - pidNamespace() string, timeNamespace() string: decimal, "" when not
//     readable or when there are none.
//   - hasPIDNamespaces() bool: whether two processes of one kernel may mean
//     different processes by one pid: PID namespaces, jails, zones.
//   - hasTimeNamespaces() bool: whether they may see different start times of
//     one process.

// Self is this process, for the fields of its own records. What cannot be read
// is empty.
//
// It is read once: the pid, the start, the boot, the machine and the
// namespaces of a running process never change (setns and unshare move the
// children of a process into another PID namespace, never itself, and into
// another time namespace only a process with a single thread), and Instance
// has to be the same for as long as this copy of the package is loaded.
// Hostname and User may change, but are for people.
func Self() Identity { return self() }

var self = sync.OnceValue(func() Identity {
	pid := os.Getpid()
	id := Identity{
		PID:           pid,
		Instance:      newInstance(),
		Start:         Look(pid).Start,
		BootID:        bootID(),
		MachineID:     machineID(),
		PIDNamespace:  pidNamespace(),
		TimeNamespace: timeNamespace(),
	}
	id.Hostname, _ = os.Hostname() // for people; no name is a name, too
	if uid := os.Getuid(); uid >= 0 {
		id.User = userOf(uint32(uid))
	} else if u, err := user.Current(); err == nil { // Windows
		id.User = u.Username
	}
	if exe, err := os.Executable(); err == nil {
		id.Program = filepath.Base(exe)
	} else if len(os.Args) > 0 {
		id.Program = filepath.Base(os.Args[0])
	}
	return id
})

// userOf is the name of a user, or the number as it is.
func userOf(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if name := localUser(id); name != "" {
		return name
	}
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// newInstance is 128 random bits in hex.
func newInstance() string {
	var b [16]byte
	random.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Of is another process of this kernel, by the pid that it has in the caller's
// PID namespace; the namespaces of the result are therefore the caller's.
// Instance is empty, and so is what cannot be read. The error matches
// [ErrNoProcess] when there is no such process or it has ended.
//
// The process may end at any time, so success says that it ran a moment ago.
func Of(pid int) (Identity, error) {
	p := Look(pid)
	switch {
	case p.State == Gone, pid < 1 || pid > maxOwnPID:
		return Identity{}, fmt.Errorf("pid %d: %w", pid, ErrNoProcess)
	case p.State == Exited:
		return Identity{}, fmt.Errorf("pid %d has exited: %w", pid, ErrNoProcess)
	case p.State == StateUnknown:
		return Identity{}, fmt.Errorf("pid %d: %w", pid, p.Err)
	}
	id := Self()
	id.PID, id.Instance, id.Start = pid, "", p.Start
	id.User, id.Program = about(pid)
	return id, nil
}

// Look asks the kernel about a process id, without a signal and without waiting.
//
// Gone and Exited are the kernel's own statements. What this user may not see
// or open is Running, and where the kernel cannot be asked the state is
// StateUnknown. A process whose first thread has ended while others run is
// Running. Start, when known, is of the very process that State is about.
func Look(pid int) Process {
	if pid < 1 || pid > maxOwnPID {
		return Process{Err: fmt.Errorf("pid %d is out of range", pid)}
	}
	return look(pid)
}

// SameKernel says whether what the kernel says about processes to one of the
// two is true for the other: boot id and machine id are known and equal. Both,
// because cloned machines share the one and containers the other.
func SameKernel(a, b Identity) bool {
	return known(a.BootID, b.BootID) && known(a.MachineID, b.MachineID)
}

// SamePIDNamespace says whether two processes of the same kernel mean the same
// process by a pid: their PID namespaces are known and equal, or this
// operating system has none.
func SamePIDNamespace(a, b Identity) bool {
	return known(a.PIDNamespace, b.PIDNamespace) ||
		a.PIDNamespace == "" && b.PIDNamespace == "" && !hasPIDNamespaces()
}

// SameTimeNamespace says whether two processes of the same kernel see the same
// start time of a process: their time namespaces are known and equal, or this
// kernel has none.
func SameTimeNamespace(a, b Identity) bool {
	return known(a.TimeNamespace, b.TimeNamespace) ||
		a.TimeNamespace == "" && b.TimeNamespace == "" && !hasTimeNamespaces()
}

func known(a, b string) bool { return a != "" && a == b }

// StartDiffers compares two starts of the same kernel and time namespace. They
// differ when they are more than one unit apart: the kernel may round one
// moment to two neighbouring ticks. They are not comparable when one of them is
// empty or not a number.
func StartDiffers(a, b string) (differs, comparable bool) {
	x, errA := strconv.ParseUint(a, 10, 64)
	y, errB := strconv.ParseUint(b, 10, 64)
	if errA != nil || errB != nil {
		return false, false
	}
	return max(x, y)-min(x, y) > 1, true
}
