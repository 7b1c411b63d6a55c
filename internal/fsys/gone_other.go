//go:build !unix

package fsys

func isStale(error) bool { return false }
