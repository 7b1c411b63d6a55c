package lock_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
)

// What a lock and an unlock ask of the filesystem, call by call, when nobody
// else wants it. Each call is there for a reason, and time: who adds one says so
// here.
func TestWhatALockAndAnUnlockAskTheFilesystem(t *testing.T) {
	soft := func(p string, o ...lock.Option) lock.Locker { return lock.NewSoft(p, o...) }
	file := func(p string, o ...lock.Option) lock.Locker { return lock.NewFile(p, o...) }
	reader := func(p string, o ...lock.Option) lock.Locker { return lock.NewFile(p, o...).RLocker() }
	for _, c := range []struct {
		name        string
		new         func(string, ...lock.Option) lock.Locker
		opts        []lock.Option
		first, then string // the first time, and from the third time on
		held        time.Duration
		mount       int
	}{
		{name: "soft", new: soft,
			first: "statfs create flock fstat lstat write, lstat unlink close",
			then:  "create flock fstat lstat write, lstat unlink close"},
		{name: "soft, where mounts have no numbers", new: soft, mount: -1,
			first: "statfs create flock fstat lstat write, lstat unlink close",
			then:  "statfs create flock fstat lstat write, lstat unlink close"},
		{name: "soft, with a mode", new: soft, opts: []lock.Option{lock.WithMode(0o600)},
			first: "statfs create flock fstat lstat chmod write, lstat unlink close",
			then:  "create flock fstat lstat chmod write, lstat unlink close"},
		{name: "file", new: file,
			first: "statfs create flock fstat lstat write, close",
			then:  "open flock lstat write, close"},
		{name: "file, held for long", new: file, held: time.Second,
			first: "statfs create flock fstat lstat write, lstat close",
			then:  "open flock lstat write, lstat close"},
		{name: "file without record", new: file, opts: []lock.Option{lock.WithoutRecord()},
			first: "statfs create flock fstat lstat, close",
			then:  "open flock lstat, close"},
		{name: "file, shared", new: reader,
			first: "statfs create flock fstat lstat, close",
			then:  "open flock lstat, close"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := faults.On(&mounts{FS: fsys.Real, now: mounted{uint64(1 + c.mount), disk}}, nil)
			world := host.Real.With(f)
			var ends time.Time // not zero: the clock's answer, for how long a hold was
			world.Now = func() time.Time {
				if !ends.IsZero() {
					return ends
				}
				return time.Now()
			}
			l := c.new(tempPath(t), append(c.opts, lock.InHost(world))...)
			calls := asked(f)
			for round := 1; round <= 4; round++ {
				ends = time.Time{}
				before := time.Now()
				must(t, l.TryLock())
				took := calls()
				if ends = before; c.held > 0 {
					ends = time.Now().Add(c.held)
				}
				must(t, l.Unlock())
				want := c.then
				if runtime.GOOS == "windows" { // the number that the file has under its lock
					want = strings.Replace(want, "open flock lstat", "open flock fstat lstat", 1)
				}
				if round == 1 {
					want = c.first
				}
				if got := took + ", " + calls(); round != 2 && got != want {
					t.Errorf("round %d: %s\nwant %s", round, got, want)
				}
			}
		})
	}
}

// asked says each time which calls a filesystem was asked for since the last.
func asked(f *faults.FS) func() string {
	seen := 0
	return func() string {
		var ops []string
		for _, call := range f.Calls()[seen:] {
			ops = append(ops, call.Op)
		}
		seen += len(ops)
		return strings.Join(ops, " ")
	}
}
