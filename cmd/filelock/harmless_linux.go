package main

import (
	"os"
	"syscall"
)

// harmless: nobody needs to ask for the signal so that it does not end this
// process, for the Go runtime takes it and does nothing (package os/signal:
// "other signals will be caught but no action will be taken"), and COMMAND
// does not get it either. SIGPIPE is among them until something is written: see
// speak.
func harmless(sig os.Signal) bool {
	n, ok := sig.(syscall.Signal)
	switch n {
	case syscall.SIGPIPE, syscall.SIGXCPU, syscall.SIGXFSZ, syscall.SIGVTALRM, syscall.SIGIO, syscall.SIGPWR:
		return true
	}
	// Real-time signals; the first three are the C library's, and the runtime
	// leaves them alone.
	return ok && n > 34
}
