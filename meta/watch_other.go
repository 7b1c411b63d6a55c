//go:build !linux

package meta

import "errors"

// watchProcess is for Linux only, so far. Elsewhere a thread would have to wait
// in kevent (EVFILT_PROC) or WaitForSingleObject for each process.
func watchProcess(Identity) (*Ending, error) { return nil, errors.ErrUnsupported }
