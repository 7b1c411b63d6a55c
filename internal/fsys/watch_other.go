//go:build !linux

package fsys

import (
	"errors"
	"io/fs"
)

// watch is for Linux only, so far. On the BSDs and macOS a kqueue watches a
// file only through a descriptor of it (kqueue(2), EVFILT_VNODE): to wait would
// mean to open what may be anything, and to keep it open beyond its removal.
func watch(d Dir, name string) (*Watching, error) {
	return nil, &fs.PathError{Op: "watch", Path: d.Path() + "/" + name, Err: errors.ErrUnsupported}
}
