package meta

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// watchProcess waits for the process through a handle, which stays with it: the
// pid is nobody else's before the handle is closed.
func watchProcess(id Identity) (*Ending, error) {
	h, mayWait, err := open(id.PID)
	switch {
	case err == windows.ERROR_INVALID_PARAMETER:
		return nil, ErrNoProcess
	case err != nil:
		return nil, fmt.Errorf("open process: %w", err)
	}
	err = isStill(id, h, mayWait)
	if err == nil && !mayWait {
		err = fmt.Errorf("open process to wait for its end: %w", windows.ERROR_ACCESS_DENIED)
	}
	var w *ending
	if err == nil {
		w, err = register(h)
	}
	if err != nil {
		return nil, errors.Join(err, windows.CloseHandle(h))
	}
	return &Ending{ended: w.ended, end: w.close}, nil
}

// isStill asks after the handle was opened, so that the answer is about the very
// process that it stays with.
func isStill(id Identity, h windows.Handle, mayWait bool) error {
	p := lookThrough(h, mayWait, id.PID)
	switch p.State {
	case Gone:
		return ErrNoProcess
	case Exited:
		return fmt.Errorf("it has exited: %w", ErrNoProcess)
	case StateUnknown:
		return p.Err
	}
	return startedElse(id, p.Start)
}

// ending is a wait that the system's pool of threads does, 63 of them each, so
// that many waits are not as many threads.
type ending struct {
	number  uintptr
	ended   chan struct{}
	process windows.Handle
	mu      sync.Mutex // wait is being made
	wait    windows.Handle
	once    sync.Once
}

// waits are the waits that have not ended, by number: what the system hands to
// the callback is to be no pointer.
var waits = struct {
	sync.Mutex
	m    map[uintptr]*ending
	last uintptr
}{m: map[uintptr]*ending{}}

var (
	kernel32             = windows.NewLazySystemDLL("kernel32.dll")
	procRegisterWait     = kernel32.NewProc("RegisterWaitForSingleObject")
	procUnregisterWaitEx = kernel32.NewProc("UnregisterWaitEx")
	callback             = sync.OnceValue(func() uintptr { return windows.NewCallback(hasEnded) }) // it is never freed
)

func register(process windows.Handle) (*ending, error) {
	w := &ending{ended: make(chan struct{}), process: process}
	waits.Lock()
	waits.last++
	w.number = waits.last
	waits.m[w.number] = w
	waits.Unlock()

	const executeOnlyOnce = 8
	w.mu.Lock()
	ok, _, err := procRegisterWait.Call(uintptr(unsafe.Pointer(&w.wait)), uintptr(process), callback(), w.number, windows.INFINITE, executeOnlyOnce)
	w.mu.Unlock()
	if ok == 0 {
		take(w.number)
		return nil, fmt.Errorf("RegisterWaitForSingleObject: %w", err)
	}
	return w, nil
}

// take is the wait of a number, for whoever asks first: the end of the process
// or that of the watch.
func take(number uintptr) *ending {
	waits.Lock()
	defer waits.Unlock()
	w := waits.m[number]
	delete(waits.m, number)
	return w
}

// hasEnded is called by a thread of the system.
func hasEnded(number, _ uintptr) uintptr {
	if w := take(number); w != nil {
		close(w.ended)
		go w.free() // which waits for this very call
	}
	return 0
}

func (w *ending) close() {
	take(w.number)
	w.free()
}

// free waits for a call of hasEnded that is under way.
func (w *ending) free() {
	w.once.Do(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		// Neither fails for a handle that is open.
		_, _, _ = procUnregisterWaitEx.Call(uintptr(w.wait), uintptr(windows.InvalidHandle))
		_ = windows.CloseHandle(w.process)
	})
}
