package main

import (
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// ignoredAtStart are the signals that were ignored when this process was
// started, though they are not any more: when the Go runtime starts, it
// respects that for HUP and INT only and puts its handler over the others
// (package os/signal says so), so that COMMAND would get them
// with their default effect. What was there before, the runtime keeps in a
// variable, which is read here by its address in the executable's symbol table.
//
// A stripped executable has no such table. What can be had then is the usual
// case: a shell without job control ignores INT and QUIT together in what it
// puts into the background.
func ignoredAtStart() map[os.Signal]bool {
	ignored := map[os.Signal]bool{}
	handlers, err := handlersAtStart()
	if err != nil {
		if signal.Ignored(syscall.SIGINT) {
			ignored[syscall.SIGQUIT] = true
		}
		return ignored
	}
	for n, handler := range handlers {
		// COMMAND must be able to be waited for, so SIGCHLD starts afresh, as
		// it does in flock(1).
		if handler == sigIgn && syscall.Signal(n) != syscall.SIGCHLD {
			ignored[syscall.Signal(n)] = true
		}
	}
	return ignored
}

// sigIgn is SIG_IGN of signal(7).
const sigIgn = 1

// handlersAtStart reads runtime.fwdSig, an array with a handler for each signal.
func handlersAtStart() (handlers []uint64, err error) {
	exe, err := unix.Open("/proc/self/exe", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(exe) }()
	// One handler for every signal and for 0, which is none; MIPS has 128.
	s, entry, err := findSymbol(descriptor(exe), "runtime.fwdSig", 65*word, 129*word)
	if err != nil {
		return nil, err
	}
	moved, err := movedBy(entry)
	if err != nil {
		return nil, err
	}
	mem, err := unix.Open("/proc/self/mem", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(mem) }()
	b := make(elfPart, s.size)
	if _, err := descriptor(mem).ReadAt(b, int64(s.at+moved)); err != nil {
		return nil, err
	}
	for ; len(b) >= word; b = b[word:] {
		handlers = append(handlers, b.address(0))
	}
	return handlers, nil
}

// movedBy says how far this program is in memory from where its file says that
// it is. The kernel has told at the start where it begins (AT_ENTRY,
// getauxval(3)).
func movedBy(entry uint64) (uint64, error) {
	told, err := unix.Auxv()
	if err != nil {
		return 0, err
	}
	for _, t := range told {
		const atEntry = 9
		if t[0] == atEntry {
			return uint64(t[1]) - entry, nil
		}
	}
	return 0, errNoSymbol
}

// descriptor is a file that package os, and so the runtime's poller, need not
// know of.
type descriptor int

func (d descriptor) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		m, err := unix.Pread(int(d), b[n:], off+int64(n))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return n, err
		case m == 0:
			return n, io.EOF
		default:
			n += m
		}
	}
	return n, nil
}
