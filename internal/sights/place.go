package sights

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/filelock-go/filelock/internal/fsys"
)

// dirVar names the directory in the environment. It must be one of this host
// alone: two hosts would undo each other's sights.
const dirVar = "FILELOCK_STATE_DIR"

// place is where a store may be.
type place struct {
	path    string
	parents bool // those that are missing are made too
	shared  bool // on a network filesystem it is taken only if there is no other
}

// usual are the places in which a store is looked for, the best first.
//
// A job of cron and a shell of the same user must come to the same one, and
// hosts that share home directories must not. So it is neither XDG_STATE_HOME
// nor, where there is anything better, TMPDIR.
func usual() []place {
	var all []place
	// A program that runs with another's rights than its caller's makes no
	// directories where the caller says.
	if dir := os.Getenv(dirVar); filepath.IsAbs(dir) && os.Getuid() == os.Geteuid() {
		all = append(all, place{path: dir, parents: true})
	}
	if runtime.GOOS == "windows" { // the local, not the roaming, half of a profile; nobody else's
		if dir, err := os.UserCacheDir(); err == nil {
			all = append(all, place{path: filepath.Join(dir, "filelock", "sights"), parents: true, shared: true})
		}
		return all
	}
	const kept = "/var/tmp" // over a reboot too (hier(7)), which does not matter
	base := "filelock-" + strconv.Itoa(os.Geteuid())
	return append(all,
		place{path: filepath.Join(kept, base), shared: true},
		place{path: filepath.Join(os.TempDir(), base), shared: true})
}

// open opens the first place that can be believed, or is nil. With create it is
// made if it is not there.
func (s *Store) open(create bool) fsys.Dir {
	var far fsys.Dir
	for _, p := range s.places() {
		path := filepath.Clean(p.path) // with a slash at its end a symbolic link would be followed
		if create {
			// An error is seen when it is opened. What is there is never changed.
			if p.parents {
				_ = os.MkdirAll(path, 0o700)
			} else {
				_ = os.Mkdir(path, 0o700)
			}
		}
		d := believed(path)
		switch {
		case d == nil:
		case !p.shared || local(d):
			if far != nil {
				closeDir(far)
			}
			return d
		case far == nil:
			far = d
		default:
			closeDir(d)
		}
	}
	return far
}

// believed opens a directory if it is this user's and nobody else can make or
// change anything in it; else nil. Somebody may have made /var/tmp/filelock-0
// long before root does: such a directory is left alone, not put right.
//
// What is looked at is the directory that was opened, and what is read is looked
// up in that one, whatever becomes of its path.
func believed(path string) fsys.Dir {
	d, err := fsys.Real.OpenDir(path)
	if err != nil {
		return nil
	}
	const others = 0o077 // of an access control list too: its mask is the group's bits (acl(5))
	info, err := d.Lstat(".")
	if err == nil && own(info) && (!haveUsers || info.Mode.Perm()&others == 0) && (haveUsers || !openToAll(path)) {
		return d
	}
	closeDir(d)
	return nil
}

// openToAll is for Windows, where a profile's directory is closed to other users
// by its access control list; another may not be (C:\ProgramData). While it is
// open its path goes on meaning it.
func openToAll(path string) bool {
	open, err := fsys.OpenToAll(path)
	return open || err != nil
}

// haveUsers: files have an owner by number and permission bits.
var haveUsers = os.Geteuid() >= 0

func own(info fsys.Info) bool { return !haveUsers || info.UID == uint32(os.Geteuid()) }

func local(d fsys.Dir) bool {
	c, err := d.Class()
	return err == nil && c.Local
}
