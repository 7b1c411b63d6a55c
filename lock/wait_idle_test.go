//go:build linux || windows

package lock_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/lock"
)

// hasty is a filesystem on which waiting for a kernel lock ends at once and for
// nothing.
type hasty struct {
	fsys.FS
	calls *atomic.Int64
}

type hastyDir struct {
	fsys.Dir
	calls *atomic.Int64
}

type hastyFile struct {
	fsys.File
	calls *atomic.Int64
}

func (h hasty) At(path string) fsys.Dir { return hastyDir{h.FS.At(path), h.calls} }

func (d hastyDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	f, err := d.Dir.Open(name, how)
	if err != nil {
		return nil, err
	}
	return hastyFile{f, d.calls}, nil
}

func (f hastyFile) Lock(fsys.LockMode) error { f.calls.Add(1); return nil }

func (f hastyFile) Unlock() error { return nil }

// What blocks nobody is not asked again without a pause. The clock stands still,
// so every return was at once; the pauses are real.
func TestAThreadThatComesBackAtOnceIsNotABusyLoop(t *testing.T) {
	path := tempPath(t)
	p := start(t, "queue", "soft", path)
	p.says(t, "got")
	var calls atomic.Int64
	world := host.Real.With(hasty{fsys.Real, &calls})
	now := time.Now()
	world.Now = func() time.Time { return now }
	l := lock.NewSoft(path, lock.InHost(world))
	begin := time.Now()
	done := make(chan error, 1)
	go func() { done <- l.Lock(bg) }()
	until(func() bool { return calls.Load() >= 60 })
	// At least ten pauses, of half a millisecond at first, then more: 15 ms
	// when each is as short as it may be.
	if d := time.Since(begin); d < 12*time.Millisecond {
		t.Errorf("a thread was blocked %d times in %s", calls.Load(), d)
	}
	p.say(t, "let go")
	must(t, <-done)
	must(t, l.Unlock())
}
