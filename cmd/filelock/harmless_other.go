//go:build !linux

package main

import "os"

// harmless signals need not be asked for; see harmless_linux.go. What other
// runtimes do with each signal is not known well enough.
func harmless(os.Signal) bool { return false }
