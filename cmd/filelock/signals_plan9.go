package main

import "os"

func deadly() []os.Signal { return []os.Signal{os.Interrupt} }

func ignoredAtStart() map[os.Signal]bool { return nil }

// endsWait: notes have texts for numbers; an interrupt is told as elsewhere.
func endsWait(os.Signal) (number int, ok bool) { return 2, true }

func forwards(os.Signal) bool { return false }

func isBrokenPipe(os.Signal) bool { return false } // there is no signal about them

func ignoreBrokenPipes() {}
