package lock_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
)

func fencePath(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".fence")
}

// fencedWays are the ways in which a fence is raised.
var fencedWays = map[string][]lock.Option{
	"local":   {lock.WithFence()},
	"lease":   {lock.WithFence(), lock.WithLease(10 * time.Second)},
	"network": {lock.WithFence(), lock.WithNetwork()},
}

// What lies at the fence's name and is none is left as it is; the lock is not
// given without a fence, nothing of the attempt is left, and who asks for no
// fence is not bothered.
func TestWhatIsNoFenceIsNotRaised(t *testing.T) {
	for name, lay := range map[string]func(t *testing.T, fence string){
		"directory":          func(t *testing.T, p string) { must(t, os.Mkdir(p, 0o755)) },
		"symbolic link":      func(t *testing.T, p string) { linkTo(t, p, "elsewhere") },
		"link to nothing":    func(t *testing.T, p string) { symlink(t, "nothing", p) },
		"other contents":     func(t *testing.T, p string) { must(t, os.WriteFile(p, []byte("precious"), 0o644)) },
		"NUL at first":       func(t *testing.T, p string) { must(t, os.WriteFile(p, []byte("\x00..."), 0o644)) },
		"another name too":   func(t *testing.T, p string) { hardLink(t, p, "...") },
		"another, and empty": func(t *testing.T, p string) { hardLink(t, p, "") },
		"the largest number": func(t *testing.T, p string) { sparse(t, p, 1<<53) },
		"beyond it":          func(t *testing.T, p string) { sparse(t, p, 1<<53+1) },
	} {
		for way, opts := range fencedWays {
			t.Run(name+", "+way, func(t *testing.T) {
				path := tempPath(t)
				lay(t, fencePath(path))
				before := listing(t, filepath.Dir(path))
				l := lock.NewSoft(path, opts...)
				if err := l.TryLock(); err == nil || errors.Is(err, lock.ErrHeld) || !strings.Contains(err.Error(), "fence") {
					t.Errorf("%v", err)
					_ = l.ForceUnlock()
				}
				if after := listing(t, filepath.Dir(path)); after != before {
					t.Errorf("it was\n%s\nand is\n%s", before, after)
				}
				plain := lock.NewSoft(path, opts[1:]...)
				must(t, plain.TryLock())
				must(t, plain.Unlock())
			})
		}
	}
}

func linkTo(t *testing.T, p, name string) {
	to := filepath.Join(filepath.Dir(p), name)
	must(t, os.WriteFile(to, []byte("..."), 0o644))
	symlink(t, to, p)
}

func hardLink(t *testing.T, p, text string) {
	to := filepath.Join(filepath.Dir(p), "elsewhere")
	must(t, os.WriteFile(to, []byte(text), 0o644))
	if err := os.Link(to, p); err != nil {
		t.Skip(err)
	}
}

// sparse is a fence of which nothing but the first byte is on the disk.
func sparse(t *testing.T, p string, size int64) {
	must(t, os.WriteFile(p, []byte("."), 0o644))
	if err := os.Truncate(p, size); err != nil {
		t.Skip(err)
	}
}

// listing is what is in a directory, with the contents of what is small.
func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var b strings.Builder
	for _, e := range entries {
		info, err := e.Info()
		must(t, err)
		b.WriteString(e.Name() + " " + info.Mode().String())
		if info.Mode().IsRegular() && info.Size() < 1000 {
			text, err := os.ReadFile(filepath.Join(dir, e.Name()))
			must(t, err)
			b.WriteString(" " + string(text))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// A fence that was restored from a backup with holes in it, or whose end was
// written before its middle, goes on from its size.
func TestAFenceIsItsSize(t *testing.T) {
	path := tempPath(t)
	const size = int64(1) << 33
	sparse(t, fencePath(path), size)
	l := lock.NewSoft(path, lock.WithFence())
	must(t, l.TryLock())
	if l.Fence() != uint64(size)+1 {
		t.Errorf("%d after %d", l.Fence(), size)
	}
	must(t, l.Unlock())
}

func TestNoTwoAcquisitionsGetOneFence(t *testing.T) {
	for way, opts := range fencedWays {
		t.Run(way, func(t *testing.T) {
			path := tempPath(t)
			const each, takers = 12, 4
			var mu sync.Mutex
			last := uint64(0)
			var all sync.WaitGroup
			for range takers {
				all.Go(func() {
					for range each {
						l := lock.NewSoft(path, append([]lock.Option{lock.WithPoll(time.Millisecond)}, opts...)...)
						if err := l.Lock(context.Background()); err != nil {
							t.Error(err)
							return
						}
						mu.Lock()
						if n := l.Fence(); n <= last {
							t.Errorf("%d after %d", n, last)
						} else {
							last = n
						}
						mu.Unlock()
						if err := l.Unlock(); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			// One that was made and given up has taken a number, too.
			if last < each*takers {
				t.Errorf("the last of %d is %d", each*takers, last)
			}
		})
	}
}

// stoppedFS calls stop in the middle of raising a fence: it is longer, and no
// record says so.
type stoppedFS struct {
	fsys.FS
	stop func(size int64) error
}

type stoppedDir struct {
	fsys.Dir
	stop func(size int64) error
}

type stoppedFile struct {
	fsys.File
	stop func(size int64) error
}

func (s stoppedFS) At(path string) fsys.Dir { return stoppedDir{s.FS.At(path), s.stop} }

func (d stoppedDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	f, err := d.Dir.Open(name, how)
	if err != nil || how&fsys.OpenWrite == 0 {
		return f, err
	}
	return stoppedFile{f, d.stop}, nil
}

func (f stoppedFile) Extend(size int64) error {
	if err := f.stop(size); err != nil {
		return err
	}
	return f.File.Extend(size)
}

// A taker that is paused where it has read the fence, until others have had the
// lock, neither gets one of their numbers nor makes the fence lower.
func TestATakerThatIsPausedWhileItRaisesTheFence(t *testing.T) {
	w := newNetWorld(t)
	other := w.soft(2, lock.WithFence())
	paused := false
	var theirs []uint64
	h := w.machine(1, stoppedFS{fsys.Real, func(int64) error {
		if paused {
			return nil
		}
		paused = true
		for range 3 { // the first finds an unfinished file
			w.takesOver(t, other)
			theirs = append(theirs, other.Fence())
			must(t, other.Unlock())
		}
		return nil
	}})
	l := lock.NewSoft(w.path, lock.WithNetwork(), lock.WithFence(), lock.InHost(h))
	must(t, l.TryLock())
	if n := l.Fence(); n <= theirs[2] || theirs[0] < 1 || theirs[1] <= theirs[0] || theirs[2] <= theirs[1] {
		t.Errorf("%d after %d", n, theirs)
	}
	must(t, l.Unlock())
}

// An attempt that fails where the fence is longer already has used a number up.
func TestAFailureAfterTheFenceWasRaised(t *testing.T) {
	for way, opts := range fencedWays {
		t.Run(way, func(t *testing.T) {
			w := newNetWorld(t)
			broken := errors.New("the disk is gone")
			h := w.machine(1, stoppedFS{fsys.Real, func(size int64) error {
				f, err := fsys.Real.At(filepath.Dir(w.path)).Open(filepath.Base(fencePath(w.path)), fsys.OpenWrite)
				must(t, err)
				return errors.Join(f.Extend(size), f.Close(), broken)
			}})
			l := lock.NewSoft(w.path, append([]lock.Option{lock.InHost(h)}, opts...)...)
			if err := l.TryLock(); !errors.Is(err, broken) || l.Locked() || l.Fence() != 0 {
				t.Errorf("%v, locked %v, fence %d", err, l.Locked(), l.Fence())
			}
			next := lock.NewSoft(w.path, append([]lock.Option{lock.InHost(w.machine(2, fsys.Real))}, opts...)...)
			must(t, next.TryLock())
			if next.Fence() != 2 {
				t.Errorf("the next is %d", next.Fence())
			}
			must(t, next.Unlock())
		})
	}
}
