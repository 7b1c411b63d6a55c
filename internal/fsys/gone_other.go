//go:build !unix && !windows

package fsys

func isStale(error) bool   { return false }
func isPassing(error) bool { return false }
func isFull(error) bool    { return false }
