package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/filelock-go/filelock/internal/fsys"
)

// absolutePath is path for messages and --json; the path itself when the
// working directory is gone.
func absolutePath(path string) string {
	if path == "" {
		return ""
	}
	abs, err := fsys.Absolute(path)
	if err != nil {
		return path
	}
	return abs
}

// lookError says which directory is missing when a lock could not be looked at
// for that reason, and leaves other errors as they are.
func lookError(doing, path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s %q: there is no directory %q: %w", doing, path, filepath.Dir(path), fs.ErrNotExist)
	}
	return err
}
