package fsys

import (
	"errors"
	"io/fs"
	"slices"
)

// MayPass says that an error of a network filesystem may be over a moment later:
// the server or the connection to it was not up to it, or the client had not yet
// heard of what another did.
func MayPass(err error) bool { return isStale(err) || isOneOf(err, passing) }

// IsGone says that a call failed because the file that was open, or just looked
// up, does not exist any more: somebody removed it meanwhile. On a local
// filesystem an open file is always there. NFS says ESTALE, and a client of SMB
// ENOENT, even to fstatfs(2) of an open descriptor.
func IsGone(err error) bool { return errors.Is(err, fs.ErrNotExist) || isStale(err) }

// IsFull says that a write failed for want of room: on a filesystem that copies
// what is written over (ZFS, Btrfs), also where there is something already.
func IsFull(err error) bool { return isOneOf(err, full) }

func isOneOf(err error, all []error) bool {
	return slices.ContainsFunc(all, func(e error) bool { return errors.Is(err, e) })
}
