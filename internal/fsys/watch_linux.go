package fsys

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// watched are the events that a look may be worth. Removal is IN_ATTRIB, for the
// link count is an attribute (inotify(7)), even while somebody has the file
// open; IN_DELETE_SELF comes when nobody has. IN_CLOSE_WRITE is how the death of
// an owner shows that kept the file open.
//
// The mask is the same for everybody: inotify_add_watch replaces that of a file
// which is watched already.
const watched = unix.IN_ATTRIB | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_MODIFY | unix.IN_CLOSE_WRITE

// errNoProc is of a Dir that was opened, where /proc is missing or hidden.
var errNoProc = errors.New("/proc/self/fd does not lead to the directory")

// watches is the inotify instance that this process has while it watches
// anything: a user may have 128 of them (max_user_instances) in all processes
// together.
var watches struct {
	sync.Mutex
	now      *inotify // nil when nobody watches
	retiring bool     // somebody runs retire
}

func watch(d Dir, name string) (*Watching, error) {
	at, ok := d.(*dir)
	if !ok {
		return nil, &fs.PathError{Op: "watch", Path: d.Path() + "/" + name, Err: errors.ErrUnsupported}
	}
	if err := checkName("watch", at.prefix, name); err != nil {
		return nil, err
	}
	path := at.prefix + name
	arg, reach := path, ""
	switch at.fd {
	case unix.AT_FDCWD:
	case closedFD:
		return nil, at.error("watch", path, unix.EBADF)
	default: // inotify_add_watch takes no directory
		reach = "/proc/self/fd/" + strconv.Itoa(at.fd)
		arg = reach + "/" + name
	}
	w, err := watchPath(arg)
	if err == unix.ENOENT && reach != "" {
		// Not to be taken for a file that is gone, which is no reason to wait.
		if _, lerr := os.Lstat(reach); lerr != nil {
			err = errNoProc
		}
	}
	if err != nil {
		return nil, at.error("watch", path, err)
	}
	return w, nil
}

func watchPath(path string) (*Watching, error) {
	n, since, err := join()
	if err != nil {
		return nil, err
	}
	// Not under the mutex: the lookup of a path on a dead server takes as long
	// as it likes, and nobody else's Close shall wait for it.
	wd, err := n.add(path)
	return n.joined(wd, since, err)
}

// join makes the caller one of the users of the instance, which is there until
// the last of them leaves. It also says how many events were read before.
func join() (n *inotify, since uint64, err error) {
	watches.Lock()
	defer watches.Unlock()
	if watches.now == nil {
		if watches.now, err = newInotify(); err != nil {
			return nil, 0, err
		}
		go watches.now.run()
	}
	n = watches.now
	n.users++
	return n, n.read, nil
}

// joined makes a Watching of a new watch descriptor, or takes join back.
//
// An event that was read meanwhile may have been the removal of this very file.
// The caller, who looks after this, could not see that when another file has
// taken the name by then, and would wait for a file that is not watched. Or it
// was the end of the watch itself, which somebody else had and gave up.
func (n *inotify) joined(wd int32, since uint64, err error) (*Watching, error) {
	watches.Lock()
	defer watches.Unlock()
	if err != nil {
		n.leave()
		return nil, err
	}
	w := &Watching{wake: make(chan struct{}, 1)}
	w.end = sync.OnceFunc(func() { n.part(wd, w) })
	if n.of[wd] == nil {
		n.of[wd] = map[*Watching]struct{}{}
	}
	n.of[wd][w] = struct{}{}
	if n.read != since {
		w.tell()
	}
	return w, nil
}

// part ends a Watching.
func (n *inotify) part(wd int32, w *Watching) {
	watches.Lock()
	defer watches.Unlock()
	// The watch descriptor is gone when the file is, and its number may then be
	// another file's, which w is not among the watchers of.
	if ws, ok := n.of[wd]; ok {
		delete(ws, w)
		if len(ws) == 0 {
			delete(n.of, wd)
			n.forget(wd)
		}
	}
	n.leave()
}

// leave is the opposite of join. The last one leaves the instance to retire,
// because closing one takes milliseconds: the kernel waits for readers that may
// still see its marks (fsnotify_destroy_group; 8 ms measured on Linux 6.18).
func (n *inotify) leave() {
	if n.users--; n.users == 0 && n == watches.now && !watches.retiring {
		watches.retiring = true
		go retire()
	}
}

// retire closes the instance that nobody uses, and the next one if nobody uses
// that by then: one at a time, so that there are never more than two, however
// often the last one leaves and a first one comes.
func retire() {
	for {
		watches.Lock()
		n := watches.now
		if n == nil || n.users > 0 {
			watches.retiring = false
			watches.Unlock()
			return
		}
		watches.now = nil
		watches.Unlock()
		n.close()
	}
}
