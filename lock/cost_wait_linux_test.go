package lock_test

import (
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
)

// What a lock that is waited for asks of the filesystem, and its release, call
// by call (but for the order locks, and the kernel lock that a thread is blocked
// on): before the wait, and from the moment on when it is over. The latter is what
// a hand-over lasts.
func TestWhatALockThatIsWaitedForAsksTheFilesystem(t *testing.T) {
	for _, c := range []struct {
		name, kind   string
		opts         []lock.Option
		before, then string
	}{
		// open, flock: the attempt in vain, whose file is blocked on.
		{name: "file", kind: "file",
			before: "open flock",
			then:   "lstat read write, lstat close"},
		{name: "file without record", kind: "file", opts: []lock.Option{lock.WithoutRecord()},
			before: "open flock",
			then:   "lstat read, lstat close"},
		// create to close: who has it; open, flock, lstat: the gate; open: the owner's
		// file, to be blocked on. Afterwards it is let go and closed, and after the
		// release comes the gate, of which this waiter is the last.
		{name: "soft", kind: "soft",
			before: "create open fstat read statfs flock close open flock lstat open",
			then:   "funlock create flock fstat lstat write close, lstat unlink funlock close lstat unlink funlock close"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := faults.On(&mounts{FS: fsys.Real, now: mounted{1, disk}}, nil)
			world, later := host.Real.With(f), time.Duration(0)
			world.Now = func() time.Time { return time.Now().Add(later) }
			opts := append(c.opts, lock.InHost(world))
			path := tempPath(t)
			l := lock.Locker(lock.NewFile(path, opts...))
			if c.kind == "soft" {
				l = lock.NewSoft(path, opts...)
			}
			for range 3 { // the first ones have the path to look at
				must(t, l.Lock(bg))
				must(t, l.Unlock())
			}
			p := start(t, "queue", c.kind, path)
			p.says(t, "got")
			calls := asked(f)
			calls() // so far
			done := waits(t, l, path)
			blocked(t, path)
			if got := calls(); got != c.before {
				t.Errorf("before it waits: %s\nwant %s", got, c.before)
			}
			p.say(t, "let go")
			must(t, <-done)
			then := calls() + ", "
			later = time.Second // it was held for long
			must(t, l.Unlock())
			if then += calls(); then != c.then {
				t.Errorf("when it has waited: %s\nwant %s", then, c.then)
			}
			p.says(t, "out")
		})
	}
}
