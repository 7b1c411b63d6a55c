//go:build unix && !linux

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// ignoredAtStart are the signals that were ignored when this process was
// started, as far as that can be known: the Go runtime respects it for HUP and
// INT only. A shell without job control ignores INT and QUIT together in what
// it puts into the background.
func ignoredAtStart() map[os.Signal]bool {
	if signal.Ignored(syscall.SIGINT) {
		return map[os.Signal]bool{syscall.SIGQUIT: true}
	}
	return nil
}
