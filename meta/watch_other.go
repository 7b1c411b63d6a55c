//go:build !linux && !windows

package meta

import "errors"

// watchProcess is for Linux and Windows only, so far. Elsewhere a thread would
// have to wait in kevent (EVFILT_PROC).
func watchProcess(Identity) (*Ending, error) { return nil, errors.ErrUnsupported }
