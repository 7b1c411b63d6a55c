package main

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"runtime"
	"syscall"
	"unsafe"
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
	const name = "runtime.fwdSig"
	exe, err := elf.Open("/proc/self/exe")
	if err != nil {
		return nil, err
	}
	defer func() { _ = exe.Close() }()
	symbols, err := exe.Symbols()
	if err != nil {
		return nil, err
	}
	// Where this function is, here and in the file: they differ when the
	// executable is position independent.
	here := reflect.ValueOf(handlersAtStart).Pointer()
	self := runtime.FuncForPC(here).Name()
	var at, size, selfAt uint64
	for _, s := range symbols {
		switch s.Name {
		case name:
			at, size = s.Value, s.Size
		case self:
			selfAt = s.Value
		}
	}
	word := uint64(unsafe.Sizeof(uintptr(0)))
	if at == 0 || selfAt == 0 || size%word != 0 || size > 1024*word {
		return nil, fmt.Errorf("%s is not to be found", name)
	}
	mem, err := os.Open("/proc/self/mem")
	if err != nil {
		return nil, err
	}
	defer func() { _ = mem.Close() }()
	b := make([]byte, size)
	if _, err := mem.ReadAt(b, int64(at+uint64(here)-selfAt)); err != nil {
		return nil, err
	}
	for ; len(b) > 0; b = b[word:] {
		if word == 8 {
			handlers = append(handlers, binary.NativeEndian.Uint64(b))
		} else {
			handlers = append(handlers, uint64(binary.NativeEndian.Uint32(b)))
		}
	}
	return handlers, nil
}
