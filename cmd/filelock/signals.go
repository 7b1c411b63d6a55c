package main

import (
	"os"
	"os/signal"
)

// signals are those that come to this process instead of ending it.
type signals struct{ c chan os.Signal }

// catchSignals catches every signal that can be caught and would end the
// process. What was ignored when the process was started stays ignored, here
// and in COMMAND (nohup, or a job that a shell put into the background).
func catchSignals() *signals {
	s := &signals{c: make(chan os.Signal, 64)}
	ignored := ignoredAtStart()
	for sig := range ignored {
		signal.Ignore(sig)
	}
	for _, sig := range deadly() {
		if !ignored[sig] && !signal.Ignored(sig) {
			signal.Notify(s.c, sig)
		}
	}
	return s
}

// stop gives the signals their default effect again.
func (s *signals) stop() { signal.Stop(s.c) }
