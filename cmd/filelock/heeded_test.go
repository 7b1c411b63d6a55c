//go:build unix || windows

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// heedSignals gives the programs that the tests start the default effect of
// HUP and INT, also where the tests themselves run under nohup or in the
// background: a signal that is ignored is inherited so, one that is handled
// starts afresh.
func heedSignals() {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if signal.Ignored(sig) {
			signal.Notify(make(chan os.Signal, 1), sig)
		}
	}
}
