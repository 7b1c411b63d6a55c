package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// kernelLocks tries the kernel's locks between two open files of this process
// and between two processes.
func (b *bench) kernelLocks(ctx context.Context) finding {
	const name = filePrefix + "lock"
	mine, err := b.makeFile(name)
	if err != nil {
		return failed(err)
	}
	defer mine.close()
	mandatory, err := b.twoFiles(mine)
	if err != nil {
		return bad("%v", err)
	}
	f := b.with(func(s *second) finding {
		if err := between(ctx, mine.File, s, name); err != nil {
			return bad("%v", err)
		}
		return good("exclude each other between two open files of one process, and between two processes of this host")
	})
	switch {
	case f.ok == nil:
		return good("exclude each other between two open files of one process; %s", f.detail)
	case !*f.ok:
		return f
	case !fsys.LocksBelongToFile:
		f.detail = "exclude each other between two processes of this host; they belong to the process, not to the open file"
	}
	return good("%s", sentence(f.detail, mandatory))
}

// twoFiles opens the file twice more and tries locks between the two. It
// returns what is to be said about reading what is locked.
func (b *bench) twoFiles(f *opened) (said string, err error) {
	if !fsys.LocksBelongToFile {
		return "", nil
	}
	second, err := b.dir.Open(f.name, fsys.OpenWrite)
	if err != nil {
		return "", err
	}
	defer func() { _ = second.Close() }()
	if err := f.TryLock(fsys.Exclusive); err != nil {
		return "", fmt.Errorf("a free kernel lock was not to be had: %w", err)
	}
	for _, mode := range []fsys.LockMode{fsys.Exclusive, fsys.Shared} {
		if err := wantLocked(second.TryLock(mode), "two open files of one process"); err != nil {
			return "", err
		}
	}
	if _, err := second.Read(1); err != nil {
		said = "what is locked cannot be read by others meanwhile, so that inspect may not tell who has a hard lock"
	}
	if err := f.Unlock(); err != nil {
		return "", err
	}
	if err := second.TryLock(fsys.Shared); err != nil {
		return "", fmt.Errorf("a kernel lock that was dropped is not free: %w", err)
	}
	if err := f.TryLock(fsys.Shared); err != nil {
		return "", fmt.Errorf("two shared kernel locks exclude each other: %w", err)
	}
	return said, errors.Join(f.Unlock(), second.Unlock())
}

// wantLocked is the error of a lock that should have been refused.
func wantLocked(err error, who string) error {
	switch {
	case err == nil:
		return fmt.Errorf("kernel locks exclude nobody: %s have the same exclusive lock", who)
	case errors.Is(err, fsys.ErrLocked):
		return nil
	}
	return fmt.Errorf("a kernel lock that another has is refused with a strange error: %w", err)
}

// between tries the kernel lock of a file between this process and another.
func between(ctx context.Context, mine fsys.File, o other, name string) error {
	both := "this process and " + o.who()
	lock := func() (locked bool, err error) {
		re, err := o.ask(ctx, request{Do: "lock", Name: name})
		return re.Locked, err
	}
	drop := func() error {
		_, err := o.ask(ctx, request{Do: "close", Name: name})
		return err
	}
	if locked, err := lock(); err != nil || locked {
		return fmt.Errorf("a free kernel lock was not to be had by %s (%v)", o.who(), err)
	}
	if err := wantLocked(mine.TryLock(fsys.Exclusive), both); err != nil {
		return err
	}
	if err := drop(); err != nil {
		return err
	}
	if _, err := freeWithin(ctx, mine, soon); err != nil {
		return fmt.Errorf("after %s dropped its kernel lock: %w", o.who(), err)
	}
	switch locked, err := lock(); {
	case err != nil:
		return err
	case !locked:
		return fmt.Errorf("kernel locks exclude nobody: %s have the same exclusive lock", both)
	}
	return errors.Join(mine.Unlock(), drop())
}

// freeWithin takes the kernel lock, which should be free, and returns how long
// that took.
func freeWithin(ctx context.Context, f fsys.File, d time.Duration) (time.Duration, error) {
	for begin := time.Now(); ; {
		err := f.TryLock(fsys.Exclusive)
		took := time.Since(begin)
		if err == nil || !errors.Is(err, fsys.ErrLocked) || took > d {
			return took, err
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return took, err
		}
	}
}

// lockAfterDeath kills a process that has a kernel lock.
func (b *bench) lockAfterDeath(ctx context.Context) finding {
	const name = filePrefix + "death"
	mine, err := b.makeFile(name)
	if err != nil {
		return failed(err)
	}
	defer mine.close()
	return b.with(func(s *second) finding {
		re, err := s.ask(ctx, request{Do: "lock", Name: name})
		if err == nil && re.Locked {
			err = errors.New("a free kernel lock was not to be had")
		}
		if err != nil {
			return failed(err)
		}
		if err := wantLocked(mine.TryLock(fsys.Exclusive), "this process and the second one"); err != nil {
			return bad("%v", err)
		}
		s.kill()
		took, err := freeWithin(ctx, mine.File, soon)
		if err != nil {
			return bad("the kernel lock of a process that was killed is not free %s later: %v", round(took), err)
		}
		return good("the kernel lock of a process that was killed was free %s after its end", round(took))
	})
}

// round makes a length of time short to read.
func round(d time.Duration) time.Duration {
	switch {
	case d > time.Second:
		return d.Round(100 * time.Millisecond)
	case d > time.Millisecond:
		return d.Round(time.Millisecond)
	}
	return d.Round(time.Microsecond)
}
