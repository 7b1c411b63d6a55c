//go:build !linux

package reaper_test

// openDescriptors: not known here.
func openDescriptors() (int, error) { return 0, nil }
