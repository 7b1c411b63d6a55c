//go:build !aix && !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd && !solaris && !windows

package meta

import (
	"errors"
	"fmt"
	"math"
)

const maxOwnPID = math.MaxInt32

// Plan 9, WebAssembly and all the rest.

// look never guesses: on these systems this package does not know how to ask.
func look(pid int) Process {
	return Process{Err: fmt.Errorf("look at pid %d: %w", pid, errors.ErrUnsupported)}
}

func about(int) (user, program string) { return "", "" }

func bootID() string        { return "" }
func machineID() string     { return "" }
func pidNamespace() string  { return "" }
func timeNamespace() string { return "" }

// Unknown namespaces are taken to exist: pids are then never compared.
func hasPIDNamespaces() bool  { return true }
func hasTimeNamespaces() bool { return true }
