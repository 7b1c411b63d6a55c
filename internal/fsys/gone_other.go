//go:build !unix && !windows

package fsys

// No error is known to mean that.
var passing, full []error

func isStale(error) bool { return false }
