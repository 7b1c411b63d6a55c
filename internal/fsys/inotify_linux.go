package fsys

import (
	"encoding/binary"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// inotify is an inotify instance (inotify(7)) and who listens to it. All but
// file is for whoever has locked watches.
type inotify struct {
	file *os.File // in the runtime's poller: no thread waits in read

	users int                              // Watchings, and calls that are to become one
	of    map[int32]map[*Watching]struct{} // by watch descriptor: one for all watchers of a file
	read  uint64                           // events that were read
}

func newInotify() (*inotify, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "inotify")
	// A file that the poller did not take says so here.
	if err := f.SetReadDeadline(time.Time{}); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &inotify{file: f, of: map[int32]map[*Watching]struct{}{}}, nil
}

func (n *inotify) close() {
	// The kernel has nothing to say at the end of an inotify instance, and
	// os.File takes care that it is closed once.
	_ = n.file.Close()
}

// add makes the kernel watch a file. For one that is watched already it
// returns the descriptor of that watch (inotify_add_watch(2)).
func (n *inotify) add(path string) (wd int32, err error) {
	cerr := n.control(func(fd int) {
		err = ignoringEINTR(func() error {
			i, err := unix.InotifyAddWatch(fd, path, watched|unix.IN_DONT_FOLLOW)
			wd = int32(i)
			return err
		})
	})
	if cerr != nil {
		return 0, cerr
	}
	return wd, err
}

// forget makes the kernel watch a file no more. Whoever has just been given the
// same watch by add is woken by that, because the kernel says IN_IGNORED of a
// watch that has ended, whatever ended it.
func (n *inotify) forget(wd int32) {
	// EINVAL: it had ended with the file, which we are about to read.
	_ = n.control(func(fd int) { _, _ = unix.InotifyRmWatch(fd, uint32(wd)) })
}

// control calls f with the descriptor, which is not closed meanwhile.
func (n *inotify) control(f func(fd int)) error {
	raw, err := n.file.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(func(fd uintptr) { f(int(fd)) })
}

// eventBuffer has room for many events, and for the longest one, which is of a
// name in a directory and has NAME_MAX+1 bytes more (inotify(7)).
const eventBuffer = 4 << 10

// run reads events until the instance is closed.
func (n *inotify) run() {
	buf := make([]byte, eventBuffer)
	for {
		k, err := n.file.Read(buf)
		watches.Lock()
		if err != nil {
			n.fail()
			watches.Unlock()
			n.close()
			return
		}
		n.events(buf[:k])
		watches.Unlock()
	}
}

// fail is for a read that failed, which on an instance that is not closed has
// no reason that we know of. Those who listen are woken for the last time, and
// the next one gets another instance.
func (n *inotify) fail() {
	n.read++
	n.everybody()
	clear(n.of)
	if watches.now == n {
		watches.now = nil
	}
}

// events tells those who watch the files that the events in b are of.
func (n *inotify) events(b []byte) {
	for len(b) >= unix.SizeofInotifyEvent {
		wd := int32(binary.NativeEndian.Uint32(b))
		mask := binary.NativeEndian.Uint32(b[4:])
		name := binary.NativeEndian.Uint32(b[12:])
		b = b[min(unix.SizeofInotifyEvent+int64(name), int64(len(b))):]
		n.event(wd, mask)
	}
}

// event is about one file, or with IN_Q_OVERFLOW about any.
//
// The number of a watch that has ended may be given to another file while the
// old one's events are unread (inotify(7), BUGS). Then the watchers of the new
// one are woken for nothing, at IN_IGNORED for the last time, and watch again
// as those of the old one do.
func (n *inotify) event(wd int32, mask uint32) {
	n.read++
	if mask&unix.IN_Q_OVERFLOW != 0 {
		n.everybody()
		return
	}
	for w := range n.of[wd] {
		w.tell()
	}
	if mask&unix.IN_IGNORED != 0 {
		delete(n.of, wd)
	}
}

func (n *inotify) everybody() {
	for _, ws := range n.of {
		for w := range ws {
			w.tell()
		}
	}
}

// tell leaves one wake-up for the next receive, if there is none yet.
func (w *Watching) tell() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}
