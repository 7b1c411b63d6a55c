package filelock_test

import (
	"crypto/sha256"
	"fmt"
	"runtime"

	"golang.org/x/sys/windows"
)

// witness is a mutex that only the owner of the lock under test may take: a
// refusal is two owners at once. No file has to do with it.
//
// A dying owner gives it up before the lock under test, whatever it opened
// first: mutexes are abandoned as each thread ends, and a process's handles,
// with their locks, are closed after its last thread has got so far. (A
// LockFileEx lock of its own, or a file that nobody else may open, would depend
// on the order in which handles are closed.)
type witness struct{ mutex windows.Handle }

// openWitness is called by the goroutine that enters and leaves, which keeps its
// thread from then on: that is what a mutex belongs to.
func openWitness(a arena) (*witness, error) {
	runtime.LockOSThread()
	m, err := a.mutex("witness")
	return &witness{m}, err
}

// enter returns the pid of the other owner, 0 if there is none; -1 since a
// mutex does not say.
func (w *witness) enter() (other int, err error) {
	event, err := windows.WaitForSingleObject(w.mutex, 0)
	switch {
	case err != nil:
		return 0, err
	case event == windows.WAIT_OBJECT_0, event == windows.WAIT_ABANDONED:
		return 0, nil
	case event == uint32(windows.WAIT_TIMEOUT):
		return -1, nil
	}
	return 0, fmt.Errorf("waiting for the witness: %#x", event)
}

// leave says nothing of a mutex that is another's: enter has.
func (w *witness) leave() error {
	if err := windows.ReleaseMutex(w.mutex); err != windows.ERROR_NOT_OWNER {
		return err
	}
	return nil
}

func (a arena) mutexName(name string) string {
	return fmt.Sprintf(`Local\filelock-%x-%s`, sha256.Sum256([]byte(a.dir)), name)
}
