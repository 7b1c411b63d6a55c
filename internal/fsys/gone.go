package fsys

import (
	"errors"
	"io/fs"
)

// IsGone says that a call failed because the file that was open, or just looked
// up, does not exist any more: somebody removed it meanwhile. On a local
// filesystem an open file is always there. NFS says ESTALE, and a client of SMB
// ENOENT, even to fstatfs(2) of an open descriptor.
func IsGone(err error) bool { return errors.Is(err, fs.ErrNotExist) || isStale(err) }
