package reaper

import (
	"fmt"
	"io/fs"
	"os"

	"github.com/filelock-go/filelock/internal/fsys"
)

// Whose word is a record? That of whoever may write the file: its owner, the
// group where its mode says so (or an access control list, which shows there),
// and everybody where its mode says that. A record that lies can have one
// thing done: its file is removed. So what is to be asked is whether somebody
// has it removed who could not do that alone.
//
//   - The owner of the file. It is the owner of the lock, too: it may end it.
//     What else its file is the name of (a hard link) is not removed with it.
//     So nothing is asked about owners, and root reaps what users left in a
//     sticky directory, which is what root is for there.
//   - The group. Whoever lets the group write the lock means it to.
//   - Everybody. In a directory where everybody may remove it that changes
//     nothing. Elsewhere (a sticky directory, or one that others may not write
//     in) the reaper of another user, root above all, would be their tool: a
//     lock that has no kernel lock (of a shell script) and a live owner would be
//     rewritten to look dead, or cut off to look unfinished.
//
// The caller's own files are its own business: a lock that its owner's
// processes cannot break any more would be worse. Who made the lock writable
// for everybody has given it away to them; the documentation says so.

// ErrForgeable: everybody may write the lock file, though not remove it, so its
// record is not believed by another user than the file's owner. It matches
// fs.ErrPermission, for that is whose business it is.
var ErrForgeable = fixed("everybody may write the lock file and make it look dead, so only its owner breaks it: %v", fs.ErrPermission)

const othersWrite fs.FileMode = 0o002

// forgeable says whether everybody could have made the reaper remove the file,
// and nobody but it.
func forgeable(file, dir fsys.Info, uid int) bool {
	switch {
	case uid < 0: // no such modes on this system
		return false
	case file.Mode&othersWrite == 0, uint64(file.UID) == uint64(uid):
		return false
	}
	return dir.Mode&othersWrite == 0 || dir.Mode&fs.ModeSticky != 0
}

// mayBelieve is the error with which a lock is not broken on the strength of
// what is in its file, or nil. (What is unfinished was perhaps cut short.)
func mayBelieve(dir fsys.Dir, st *Status) error {
	uid := os.Geteuid()
	if st.info.Mode&othersWrite == 0 || uint64(st.info.UID) == uint64(uid) {
		return nil // the usual case, without a system call
	}
	self, err := dir.Lstat(".")
	if err != nil {
		return err
	}
	if forgeable(st.info, self, uid) {
		return fmt.Errorf("break %q: %w", st.Path, ErrForgeable)
	}
	return nil
}

// planted: the link at the path may be the work of others, who may write in its
// directory. That is the rule of Linux for sticky directories (sysctl
// fs.protected_symlinks), which does not reach who reads links; where there is
// no sticky bit everybody could have replaced it.
func (r *Reaper) planted(abs string) bool {
	uid := os.Geteuid()
	at, name, err := r.place(abs)
	if uid < 0 || err != nil {
		return false
	}
	dir, derr := at.Lstat(".")
	link, lerr := at.Lstat(name)
	if derr != nil || lerr != nil {
		return true
	}
	switch {
	case dir.Mode&othersWrite == 0:
		return false
	case dir.Mode&fs.ModeSticky == 0:
		return true
	}
	return uint64(link.UID) != uint64(uid) && link.UID != dir.UID
}
