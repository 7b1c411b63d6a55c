package lock_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/reaper"
)

var bg = context.Background()

func TestUnheldHandle(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		l := newLock(path)
		if err := l.Unlock(); !errors.Is(err, lock.ErrNotLocked) {
			t.Errorf("Unlock: %v, want ErrNotLocked", err)
		}
		if err := l.ForceUnlock(); err != nil {
			t.Errorf("ForceUnlock: %v, want nil", err)
		}
		if l.Locked() {
			t.Error("Locked is true")
		}
		if l.Lost() != nil {
			t.Error("Lost is not nil")
		}
		if _, err := l.Dup(); !errors.Is(err, lock.ErrNotLocked) {
			t.Errorf("Dup: %v, want ErrNotLocked", err)
		}
		if l.Path() != path {
			t.Errorf("Path = %q, want %q", l.Path(), path)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("an unheld handle touched the path: %v", err)
		}
	})
}

func TestLocksThroughOneHandleNest(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		l, other := newLock(path), newLock(path)
		must(t, l.Lock(bg))
		must(t, l.TryLock())
		must(t, l.LockWithin(bg, 0))
		lost := l.Lost()
		if lost == nil || lost != l.Lost() {
			t.Error("Lost is not one channel per hold")
		}
		for i := 3; i > 0; i-- {
			if !l.Locked() {
				t.Fatalf("Locked is false with %d locks", i)
			}
			if err := other.TryLock(); !errors.Is(err, lock.ErrHeld) {
				t.Fatalf("with %d locks another handle gets %v, want ErrHeld", i, err)
			}
			must(t, l.Unlock())
		}
		if l.Locked() {
			t.Error("Locked is true after the last Unlock")
		}
		select {
		case <-lost:
			t.Error("a normal Unlock closed Lost")
		default:
		}
		must(t, other.TryLock())
		must(t, other.Unlock())
	})
}

func TestForceUnlockEndsTheHoldWhateverTheNesting(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		l := newLock(path)
		must(t, l.Lock(bg))
		must(t, l.Lock(bg))
		must(t, l.ForceUnlock())
		if err := l.Unlock(); !errors.Is(err, lock.ErrNotLocked) {
			t.Errorf("Unlock after ForceUnlock: %v, want ErrNotLocked", err)
		}
		takes(t, newLock(path))
	})
}

func TestLastUnlockOfARemovedLockIsErrLost(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		l := newLock(path)
		must(t, l.Lock(bg))
		must(t, l.Lock(bg))
		lost := l.Lost()
		must(t, emulation.Remove(path))
		// A hard lock's release checks the path unless it was held for an instant.
		for begin := time.Now(); time.Since(begin) < 2*time.Millisecond; {
			continue
		}
		must(t, l.Unlock())
		if err := l.Unlock(); !errors.Is(err, lock.ErrLost) {
			t.Fatalf("last Unlock: %v, want ErrLost", err)
		}
		select {
		case <-lost:
		default:
			t.Error("Lost is open after ErrLost")
		}
		if err := l.Unlock(); !errors.Is(err, lock.ErrNotLocked) {
			t.Errorf("then Unlock: %v, want ErrNotLocked", err)
		}
		must(t, l.TryLock())
		must(t, l.Unlock())
	})
}

func TestUnlockLeavesASuccessorAlone(t *testing.T) {
	path := tempPath(t)
	l, successor := lock.NewSoft(path), lock.NewSoft(path)
	must(t, l.Lock(bg))
	must(t, emulation.Remove(path))
	must(t, successor.TryLock())
	if err := l.Unlock(); !errors.Is(err, lock.ErrLost) {
		t.Fatalf("Unlock: %v, want ErrLost", err)
	}
	must(t, successor.Unlock())
}

func TestContention(t *testing.T) {
	deadline := func() (context.Context, context.CancelFunc) { return context.WithTimeout(bg, 20*time.Millisecond) }
	cause := errors.New("the user changed their mind")
	tests := []struct {
		name    string
		call    func(l locker) error
		is, not []error
		timeout bool
	}{
		{"TryLock", func(l locker) error { return l.TryLock() },
			[]error{lock.ErrHeld}, []error{lock.ErrTimeout}, false},
		{"LockWithin 0", func(l locker) error { return l.LockWithin(bg, 0) },
			[]error{lock.ErrHeld, lock.ErrTimeout}, []error{context.DeadlineExceeded}, true},
		{"LockWithin", func(l locker) error { return l.LockWithin(bg, 20*time.Millisecond) },
			[]error{lock.ErrHeld, lock.ErrTimeout}, []error{context.DeadlineExceeded}, true},
		{"deadline", func(l locker) error {
			ctx, cancel := deadline()
			defer cancel()
			return l.Lock(ctx)
		}, []error{lock.ErrHeld, lock.ErrTimeout, context.DeadlineExceeded}, nil, true},
		{"cancelled", func(l locker) error {
			ctx, cancel := context.WithCancelCause(bg)
			time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
			return l.Lock(ctx)
		}, []error{lock.ErrHeld, context.Canceled, cause}, []error{lock.ErrTimeout}, false},
		{"done on entry", func(l locker) error {
			ctx, cancel := context.WithCancelCause(bg)
			cancel(cause)
			return l.Lock(ctx)
		}, []error{context.Canceled, cause}, []error{lock.ErrHeld, lock.ErrTimeout}, false},
	}
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		holder := newLock(path)
		must(t, holder.Lock(bg))
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				l := newLock(path)
				err := tt.call(l)
				for _, want := range tt.is {
					if !errors.Is(err, want) {
						t.Errorf("%v does not match %v", err, want)
					}
				}
				for _, want := range tt.not {
					if errors.Is(err, want) {
						t.Errorf("%v matches %v", err, want)
					}
				}
				var held *lock.HeldError
				if errors.As(err, &held) {
					if held.Timeout() != tt.timeout {
						t.Errorf("Timeout() = %v, want %v", held.Timeout(), tt.timeout)
					}
					if held.Record == nil || held.Record.PID != os.Getpid() {
						t.Errorf("the record does not name the holder: %+v", held.Record)
					}
					if held.Judgment.Verdict != reaper.Alive || len(held.Judgment.Evidence) == 0 || !strings.Contains(err.Error(), strconv.Quote(path)) {
						t.Errorf("judgment %+v, text %q", held.Judgment, err)
					}
					if own := strings.Join(held.Judgment.Evidence, ";"); !strings.Contains(own, "another handle of this very process") {
						t.Errorf("the evidence does not tell the caller's own contention: %s", own)
					}
				} else if tt.name != "done on entry" {
					t.Errorf("%T is no HeldError", err)
				}
				if l.Locked() {
					t.Error("Locked after an error")
				}
			})
		}
		must(t, holder.Unlock())
	})
}

func TestHandleTimeoutBoundsLock(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		holder, l := newLock(path), newLock(path, lock.WithTimeout(time.Millisecond))
		must(t, holder.Lock(bg))
		err := l.Lock(bg)
		if !errors.Is(err, lock.ErrHeld) || !errors.Is(err, lock.ErrTimeout) {
			t.Errorf("Lock: %v, want ErrHeld and ErrTimeout", err)
		}
		done := make(chan error)
		go func() { done <- l.LockWithin(bg, -1) }() // for ever, in place of the handle's
		must(t, holder.Unlock())
		must(t, <-done)
		must(t, l.Unlock())
	})
}

func TestNilContextPanicsBeforeAnythingIsTouched(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
			if _, err := os.Lstat(path); err == nil {
				t.Error("the path was touched")
			}
		}()
		var none context.Context
		_ = newLock(path).Lock(none)
	})
}

func TestOptionsThatCannotApplyAreErrors(t *testing.T) {
	big := map[string]string{"k": strings.Repeat("x", 17<<10)}
	for name, l := range map[string]locker{
		"a short lease":         lock.NewSoft("x", lock.WithLease(9*time.Second)),
		"a negative lease":      lock.NewSoft("x", lock.WithLease(-time.Second)),
		"lease on a File":       lock.NewFile("x", lock.WithLease(time.Minute)),
		"fence on a File":       lock.NewFile("x", lock.WithFence()),
		"record too large":      lock.NewSoft("x", lock.WithLabels(big)),
		"note too large":        lock.NewFile("x", lock.WithNote(big["k"])),
		"soft without a record": lock.NewSoft("x", lock.WithoutRecord()),
		"poll":                  lock.NewSoft("x", lock.WithPoll(0)),
		"mode":                  lock.NewSoft("x", lock.WithMode(fs.ModeSetuid|0o644)),
		"unreadable mode":       lock.NewSoft("x", lock.WithMode(0o200)),
	} {
		for call, err := range map[string]error{"Lock": l.Lock(bg), "TryLock": l.TryLock()} {
			if !errors.Is(err, lock.ErrOption) {
				t.Errorf("%s: %s: %v, want ErrOption", name, call, err)
			}
		}
	}
	if _, err := os.Lstat("x"); err == nil {
		t.Error("a refused option left a file")
	}
}

func TestBadPathsAreErrorsAtOnce(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "dir"), 0o755))
	paths := map[string]string{
		"empty": "", "NUL": dir + "/a\x00b", "long": filepath.Join(dir, strings.Repeat("n", 241)),
		"missing parent": filepath.Join(dir, "no", "x"),
		"guard":          filepath.Join(dir, ".x.1.guard"), "gate": filepath.Join(dir, ".x.gate"), "fence": filepath.Join(dir, ".x.fence"),
		"dot dot": dir + "/..",
	}
	if canSymlink(t) {
		paths["symlink"] = filepath.Join(dir, "link")
		must(t, os.Symlink("nowhere", paths["symlink"]))
	}
	for name, path := range paths {
		for kind, l := range map[string]locker{"Soft": lock.NewSoft(path), "File": lock.NewFile(path)} {
			var pe *fs.PathError
			if err := l.Lock(bg); !errors.As(err, &pe) {
				t.Errorf("%s: %s: %v (%T), want a *fs.PathError", name, kind, err, err)
			} else if !strings.Contains(err.Error(), "lock") && !strings.Contains(err.Error(), "open") && !strings.Contains(err.Error(), "statfs") {
				t.Errorf("%s: %s: %v does not name the operation", name, kind, err)
			}
		}
	}
	if err := lock.NewSoft(filepath.Join(dir, "dir")).Lock(bg); err == nil {
		t.Error("a Soft locked a directory")
	}
	d := lock.NewFile(filepath.Join(dir, "dir"))
	if err := d.Lock(bg); runtime.GOOS == "windows" { // LockFileEx is for files only
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("a directory: %v, want ErrUnsupported", err)
		}
	} else {
		must(t, err)
		if err := lock.NewFile(filepath.Join(dir, "dir")).TryLock(); !errors.Is(err, lock.ErrHeld) {
			t.Errorf("a locked directory: %v, want ErrHeld", err)
		}
		must(t, d.Unlock())
	}
	var zero lock.Soft
	var zeroFile lock.File
	for _, l := range []locker{&zero, &zeroFile} {
		if err := l.Lock(bg); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("zero handle: %v, want fs.ErrInvalid", err)
		}
		if err := l.Unlock(); !errors.Is(err, lock.ErrNotLocked) {
			t.Errorf("zero handle: Unlock: %v, want ErrNotLocked", err)
		}
	}
}

func TestNotALockFileIsAnErrorAtOnce(t *testing.T) {
	for name, text := range map[string]string{
		"data":  "precious\n",
		"newer": `{"format":"filelock/2","kind":"soft"}` + "\n",
	} {
		path := tempPath(t)
		must(t, os.WriteFile(path, []byte(text), 0o644))
		if err := lock.NewSoft(path).Lock(bg); !errors.Is(err, lock.ErrNotLockFile) {
			t.Errorf("%s: %v, want ErrNotLockFile", name, err)
		}
		// Who has a kernel lock on it does not change why.
		f, err := fsys.Real.At(filepath.Dir(path)).Open(filepath.Base(path), fsys.OpenWrite)
		must(t, err)
		must(t, f.TryLock(fsys.Exclusive))
		if err := lock.NewSoft(path).Lock(bg); !errors.Is(err, lock.ErrNotLockFile) || strings.Contains(err.Error(), "kernel lock") {
			t.Errorf("%s, locked: %v, want ErrNotLockFile and why", name, err)
		}
		must(t, f.Close())
		if b, _ := os.ReadFile(path); string(b) != text {
			t.Errorf("%s: the file became %q", name, b)
		}
	}
}

func TestPathIsAbsoluteFromTheMomentTheHandleIsMade(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	l := lock.NewSoft("x.lock")
	t.Chdir(t.TempDir())
	must(t, l.Lock(bg))
	defer l.Unlock()
	if want := filepath.Join(dir, "x.lock"); l.Path() != want {
		t.Errorf("Path = %q, want %q", l.Path(), want)
	}
	if _, err := os.Stat(filepath.Join(dir, "x.lock")); err != nil {
		t.Error(err)
	}
}
