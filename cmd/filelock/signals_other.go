//go:build !unix && !plan9

package main

import (
	"os"
	"syscall"
)

// deadly: Ctrl-C and Ctrl-Break are os.Interrupt here, the closing of the
// console is SIGTERM.
func deadly() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }

func ignoredAtStart() map[os.Signal]bool { return nil }

func endsWait(sig os.Signal) (number int, ok bool) {
	n, ok := sig.(syscall.Signal)
	return int(n), ok
}

// forwards: the console sends its events to COMMAND too.
func forwards(os.Signal) bool { return false }

func isBrokenPipe(os.Signal) bool { return false } // there is no signal about them

func ignoreBrokenPipes() {}
