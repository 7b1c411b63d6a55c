package lock_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/filelock-go/filelock/lock"
)

// inTemp makes the examples' files in a directory of their own.
func inTemp() (name func(string) string, clean func()) {
	dir, err := os.MkdirTemp("", "filelock-example")
	if err != nil {
		panic(err)
	}
	return func(s string) string { return filepath.Join(dir, s) }, func() { os.RemoveAll(dir) }
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// What a with-block is in Python, [lock.Do] is here. The lock is a file of its
// own beside the file it protects.
func Example() {
	file, clean := inTemp()
	defer clean()

	l := lock.NewFile(file("high_ground.txt.lock"))
	err := lock.Do(context.Background(), l, func(ctx context.Context) error {
		return appendTo(file("high_ground.txt"), "You were the chosen one.")
	})
	fmt.Println(err)

	b, _ := os.ReadFile(file("high_ground.txt"))
	fmt.Println(string(b))
	// Output:
	// <nil>
	// You were the chosen one.
}

// Acquire and release by hand: Unlock's error tells whether the lock was held
// all the time.
func ExampleFile_Lock() {
	file, clean := inTemp()
	defer clean()

	work := func() (err error) {
		l := lock.NewFile(file("high_ground.txt.lock"))
		if err := l.Lock(context.Background()); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, l.Unlock()) }()
		return appendTo(file("high_ground.txt"), "General Kenobi!")
	}
	fmt.Println(work())
	// Output: <nil>
}

// A decorator is a function that takes and returns one.
func ExampleDo_decorator() {
	file, clean := inTemp()
	defer clean()

	l := lock.NewFile(file("high_ground.txt.lock"))
	locked := func(f func()) func() error {
		return func() error {
			return lock.Do(context.Background(), l, func(context.Context) error { f(); return nil })
		}
	}
	decorated := locked(func() { fmt.Println("You're a decorated Jedi!") })
	fmt.Println(decorated())
	// Output:
	// You're a decorated Jedi!
	// <nil>
}

// The handle's timeout bounds every Lock; the error says who has the lock.
func ExampleWithTimeout() {
	file, clean := inTemp()
	defer clean()

	other := lock.NewSoft(file("job.lock"))
	_ = other.Lock(context.Background())
	defer other.Unlock()

	l := lock.NewSoft(file("job.lock"), lock.WithTimeout(10*time.Millisecond))
	err := l.Lock(context.Background())
	if errors.Is(err, lock.ErrTimeout) {
		fmt.Println("Another instance of this application currently holds the lock.")
	}
	var held *lock.HeldError
	if errors.As(err, &held) {
		fmt.Println(held.Record.PID == os.Getpid(), held.Judgment.Verdict, held.Timeout())
	}
	// Output:
	// Another instance of this application currently holds the lock.
	// true alive true
}

// One call may have another timeout than the handle; a context bounds it too.
func ExampleSoft_LockWithin() {
	file, clean := inTemp()
	defer clean()

	l := lock.NewSoft(file("job.lock"), lock.WithTimeout(time.Hour))
	fmt.Println(l.LockWithin(context.Background(), 10*time.Second))
	fmt.Println(l.Unlock())

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println(l.Lock(ctx))
	fmt.Println(l.Unlock())
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// <nil>
}

// Locks through one handle nest: a function that locks may call another that
// locks the same handle.
func ExampleLocker_recursion() {
	file, clean := inTemp()
	defer clean()
	ctx := context.Background()

	l := lock.NewFile(file("high_ground.txt.lock"))
	cite1 := func(context.Context) error { fmt.Println("I hate it when he does that."); return nil }
	cite2 := func(context.Context) error { fmt.Println("You don't want to sell me death sticks."); return nil }

	err := lock.Do(ctx, l, func(ctx context.Context) error { // the lock is acquired here
		return errors.Join(lock.Do(ctx, l, cite1), lock.Do(ctx, l, cite2))
	}) // and released here
	fmt.Println(err, l.Locked())
	// Output:
	// I hate it when he does that.
	// You don't want to sell me death sticks.
	// <nil> false
}

// A soft lock is there while its file is: the file says who made it.
func ExampleNewSoft() {
	file, clean := inTemp()
	defer clean()

	l := lock.NewSoft(file("job.lock"), lock.WithNote("nightly import"))
	if err := l.Lock(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	rec, _ := l.Record()
	_, err := os.Stat(l.Path())
	fmt.Println(rec.Kind, rec.PID == os.Getpid(), rec.Note, err)

	fmt.Println(l.Unlock())
	_, err = os.Stat(l.Path())
	fmt.Println(errors.Is(err, os.ErrNotExist))
	// Output:
	// soft true nightly import <nil>
	// <nil>
	// true
}

// Any number of readers, or one writer.
func ExampleFile_RLock() {
	file, clean := inTemp()
	defer clean()
	ctx := context.Background()

	a, b, writer := lock.NewFile(file("data.lock")), lock.NewFile(file("data.lock")), lock.NewFile(file("data.lock"))
	fmt.Println(a.RLock(ctx), b.RLock(ctx))
	fmt.Println(errors.Is(writer.TryLock(), lock.ErrHeld))
	fmt.Println(a.Unlock(), b.Unlock())
	fmt.Println(writer.TryLock())
	fmt.Println(writer.Unlock())
	// Output:
	// <nil> <nil>
	// true
	// <nil> <nil>
	// <nil>
	// <nil>
}

// What happens is logged at debug level, and nowhere else.
func ExampleWithLogger() {
	file, clean := inTemp()
	defer clean()

	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			switch a.Key { // what differs from run to run
			case "time", "path", "token", "duration", "held":
				return slog.Attr{}
			}
			return a
		},
	}))
	l := lock.NewSoft(file("job.lock"), lock.WithLogger(logger))
	_ = l.Lock(context.Background())
	_ = l.Unlock()
	// Output:
	// level=DEBUG msg=acquired filelock.attempt=1
	// level=DEBUG msg=released filelock.attempt=1
}

// A shell script's process can own a lock that another process takes for it.
func ExampleGrant() {
	file, clean := inTemp()
	defer clean()
	ctx := context.Background()

	token, err := lock.Grant(ctx, file("job.lock"), os.Getppid())
	fmt.Println(err)
	fmt.Println(errors.Is(lock.NewSoft(file("job.lock")).TryLock(), lock.ErrHeld))
	fmt.Println(lock.Revoke(ctx, file("job.lock"), token))
	fmt.Println(errors.Is(lock.Revoke(ctx, file("job.lock"), token), lock.ErrLost))
	// Output:
	// <nil>
	// true
	// <nil>
	// true
}

// The timeout of one acquisition, and no bound for the work: Python's
// lock.acquire(timeout=10) in a with-block.
func ExampleFile_LockWithin() {
	file, clean := inTemp()
	defer clean()

	work := func(ctx context.Context) (err error) {
		l := lock.NewFile(file("high_ground.txt.lock"))
		if err := l.LockWithin(ctx, 10*time.Second); err != nil {
			return err // errors.Is(err, lock.ErrTimeout) after 10 s
		}
		defer func() { err = errors.Join(err, l.Unlock()) }()
		return appendTo(file("high_ground.txt"), "I have a bad feeling about this.")
	}
	fmt.Println(work(context.Background()))
	// Output: <nil>
}
