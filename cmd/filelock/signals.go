package main

import (
	"os"
	"os/signal"
	"sync"
)

// signals are those that come to this process instead of ending it.
type signals struct {
	c    chan os.Signal
	rest []os.Signal // not yet asked for

	speaks sync.Once // see speak
}

// catchSignals catches every signal that can be caught and would end the
// process, and those that COMMAND gets. What was ignored when the process was
// started stays ignored, here and in COMMAND (nohup, or a job that a shell put
// into the background).
//
// Others, which end only a wait, are left for catchRest: each one that package
// signal is asked for takes two changes of threads, so that all of them would
// cost more time than all the rest of run.
func catchSignals() *signals {
	s := &signals{c: make(chan os.Signal, 64)}
	ignored := ignoredAtStart()
	for sig := range ignored {
		signal.Ignore(sig)
	}
	for _, sig := range deadly() {
		switch {
		case ignored[sig] || signal.Ignored(sig):
		case harmless(sig):
			s.rest = append(s.rest, sig)
		default:
			signal.Notify(s.c, sig)
		}
	}
	return s
}

// catchRest catches the signals that the Go runtime so far takes and drops,
// unless over is closed before.
func (s *signals) catchRest(over <-chan struct{}) {
	for _, sig := range s.rest {
		select {
		case <-over:
			return
		default:
			signal.Notify(s.c, sig)
		}
	}
}

// speak is to be called before something is written. From then on a reader that
// has gone ends nothing: otherwise the runtime ends a program that writes to a
// broken stdout or stderr, as SIGPIPE does elsewhere. Most runs say nothing, so
// they do not ask for it.
func (s *signals) speak() {
	s.speaks.Do(func() {
		for _, sig := range s.rest {
			if isBrokenPipe(sig) {
				signal.Notify(s.c, sig)
			}
		}
	})
}

// stop gives the signals their default effect again, but a broken stderr still
// ends nothing. A process that has nothing to say before it ends does without:
// it takes as long as to catch them.
func (s *signals) stop() {
	s.speaks.Do(func() {}) // no more
	ignoreBrokenPipes()
	signal.Stop(s.c)
}
