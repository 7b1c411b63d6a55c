//go:build !windows

package fsys

import "errors"

// OpenToAll is for Windows. Elsewhere the mode of a directory says it.
func OpenToAll(string) (bool, error) { return true, errors.ErrUnsupported }
