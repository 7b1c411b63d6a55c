package random

import (
	"crypto/rand"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// few is how many reads a program makes that takes one lock and ends.
const few = 3

var reads atomic.Int32

// Read fills b. It never fails: it ends the process instead.
//
// The first few reads ask the kernel at once, by getrandom(2), which waits until
// there is randomness and then gives as many as 256 bytes whole. That is where
// package crypto/rand has its own from, but it makes a generator first, for many
// reads, and a timer, and with that the runtime's poller with a thread of its
// own, to complain of a kernel that has no randomness after a minute: so its
// first read takes a hundred times as long as this, and the others half as long.
func Read(b []byte) {
	if len(b) > 0 && reads.Load() < few && reads.Add(1) <= few {
		n, _, _ := unix.Syscall(unix.SYS_GETRANDOM, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0)
		if int(n) == len(b) {
			return
		}
		// An old kernel, a filter of system calls, a signal.
	}
	rand.Read(b)
}
