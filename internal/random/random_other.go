//go:build !linux

package random

import "crypto/rand"

// Read fills b. It never fails: it ends the process instead.
func Read(b []byte) { rand.Read(b) }
