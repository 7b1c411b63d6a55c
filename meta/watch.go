package meta

import (
	"errors"
	"fmt"
)

// ErrElsewhere: a pid that is not known to be one of this kernel and of this
// process's PID namespace, so that here it may be anybody's.
var ErrElsewhere = errors.New("the pid is not known to be valid here")

// Ending wakes somebody who waits for a process to end. It is made by
// [WatchProcess] and decides nothing: who is woken looks again.
type Ending struct {
	ended chan struct{}
	end   func() // may be called again
}

// WatchProcess tells when the process that id means has ended: every thread of
// it, collected by its parent or not.
//
// The error matches [ErrNoProcess] when it has ended already, which includes
// that its pid is another process's now; [ErrElsewhere] when the pid says
// nothing here; errors.ErrUnsupported where there is nothing to wait with
// (Linux has it since 5.3, and Windows). What is ErrNoProcess here is Gone, Exited or
// of another Start to [Look] as well. After any other error the process has to
// be looked at now and then instead.
//
// Where the start cannot be compared, for id or the kernel does not say it or
// says it in another time namespace, the process is the one that has the pid
// now.
func WatchProcess(id Identity) (*Ending, error) {
	self := Self()
	switch {
	case id.PID < 1 || id.PID > maxOwnPID:
		return nil, fmt.Errorf("watch pid %d: out of range", id.PID)
	case !SameKernel(id, self) || !SamePIDNamespace(id, self):
		return nil, fmt.Errorf("watch pid %d: %w", id.PID, ErrElsewhere)
	}
	e, err := watchProcess(id)
	if err != nil {
		return nil, fmt.Errorf("watch pid %d: %w", id.PID, err)
	}
	return e, nil
}

// C is closed when the process has ended, or when the kernel would not say any
// more whether it has: a new call of WatchProcess then tells why.
func (e *Ending) C() <-chan struct{} { return e.ended }

// Close ends the watch: when it has returned, C stays as it is, and nothing is
// left of the watch. It waits for nothing but that, may be called more than
// once and by any goroutine. An Ending that is dropped without Close keeps a
// descriptor and a goroutine until the process ends.
func (e *Ending) Close() { e.end() }
