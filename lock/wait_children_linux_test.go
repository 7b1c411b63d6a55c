package lock_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/filelock-go/filelock/lock"
)

// After Dup a child may have the lock, so it is let go and not handed over: for
// the child it is not over.
func TestALockThatAChildMayHaveIsNotHandedOver(t *testing.T) {
	s, path := newStage(t), tempPath(t)
	in := lock.InHost(s.Host)
	a, b := lock.NewFile(path, in), lock.NewFile(path, in)
	must(t, a.Lock(bg))
	dup, err := a.Dup()
	must(t, err)
	done := s.queued(t, b)
	must(t, a.Unlock())
	blocked(t, path)
	select {
	case err := <-done:
		t.Errorf("beside the child: %v", err)
	default:
	}
	must(t, dup.Close())
	must(t, <-done)
	must(t, b.Unlock())
}

// A child with a duplicate of the descriptor keeps the kernel lock on the inode
// of a soft lock that was released. Whoever waits is woken all the same.
func TestAReleaseWakesAlthoughAChildHasADuplicate(t *testing.T) {
	path := tempPath(t)
	holder, l := lock.NewSoft(path), lock.NewSoft(path)
	must(t, holder.Lock(bg))
	dup, err := holder.Dup()
	must(t, err)
	defer dup.Close()
	other := start(t, "queue", "soft", path)
	blocked(t, path)
	must(t, holder.Unlock())
	other.says(t, "got")
	done := waits(t, l, path)
	other.say(t, "let go")
	must(t, <-done)
	must(t, l.Unlock())
}

func TestTheReleaseOfAnotherProgramWakes(t *testing.T) {
	for _, kind := range []string{"file", "shared"} {
		for _, end := range []string{"lets go", "is killed"} {
			t.Run(kind+" "+end, func(t *testing.T) {
				path := tempPath(t)
				p := start(t, "flock", path)
				l := newLocker(kind, path)
				done := waits(t, l, path)
				if end == "is killed" {
					p.kill(t)
				} else {
					p.say(t, "let go")
				}
				must(t, <-done)
				must(t, l.Unlock())
			})
		}
	}
}

func TestAHandOverByAUserWhoMayOnlyReadTheFile(t *testing.T) {
	nobody := asNobody(t)
	path := filepath.Join(shortDir(t), "job.lock")
	must(t, os.WriteFile(path, nil, 0o644))
	p := startIn(t, nobody, "hand-over", path)
	excluded(t, path)
	p.say(t, "let go")
	p.says(t, "out")
	takes(t, lock.NewFile(path))
}

func init() {
	// hand-over PATH: has a lock that was handed over until the next line.
	roles["hand-over"] = func(args []string) error {
		lock.SetLinger(noNet)
		a, b := lock.NewFile(args[0]), lock.NewFile(args[0])
		if err := a.Lock(bg); err != nil {
			return err
		}
		done := make(chan error, 1)
		go func() { done <- b.Lock(bg) }()
		until(func() bool { return lock.Waiting(args[0]) == 1 })
		if err := errors.Join(a.Unlock(), <-done); err != nil {
			return err
		}
		fmt.Println("held")
		var line string
		_, _ = fmt.Scanln(&line)
		if err := b.Unlock(); err != nil {
			return err
		}
		fmt.Println("out")
		return nil
	}
}
