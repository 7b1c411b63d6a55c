package lock_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
)

func readRecord(t *testing.T, path string) meta.Record {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	r, err := meta.Decode(b)
	if err != nil {
		t.Fatalf("%v in %q", err, b)
	}
	return r
}

func TestTheFileSaysWhoHoldsIt(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		l := newLock(path, lock.WithNote("nightly"), lock.WithLabels(map[string]string{"run": "7"}), lock.WithProgram("import"))
		must(t, l.Lock(bg))
		defer l.Unlock()
		in := readRecord(t, path)
		own, ok := l.(interface{ Record() (meta.Record, bool) }).Record()
		if !ok || own.Token != in.Token || in.PID != os.Getpid() || in.Note != "nightly" || in.Labels["run"] != "7" || in.Program != "import" {
			t.Errorf("the file says %+v, the handle %+v", in, own)
		}
		if soft := in.Kind == meta.KindSoft; in.KernelLock != soft || (in.Inode != "") != soft || (in.Filesystem != "") != soft {
			t.Errorf("kernel lock, inode and filesystem of kind %s: %+v", in.Kind, in)
		}
	})
}

func TestEveryAcquisitionHasATokenOfItsOwn(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		l, seen := newLock(path), map[string]bool{}
		for range 3 {
			must(t, l.Lock(bg))
			seen[readRecord(t, path).Token] = true
			must(t, l.Unlock())
		}
		if len(seen) != 3 {
			t.Errorf("%d tokens for 3 acquisitions", len(seen))
		}
	})
}

func TestASoftLocksFileIsGoneWhenItIsReleased(t *testing.T) {
	path := tempPath(t)
	l := lock.NewSoft(path)
	must(t, l.Lock(bg))
	must(t, l.Unlock())
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is there: %v", err)
	}
}

func TestAHardLockLeavesAUsersDataAlone(t *testing.T) {
	path := tempPath(t)
	must(t, os.WriteFile(path, []byte("precious"), 0o644))
	for _, l := range []*lock.File{lock.NewFile(path), lock.NewFile(path, lock.WithoutRecord())} {
		for range 2 {
			must(t, l.Lock(bg))
			if err := lock.NewFile(path).TryLock(); !errors.Is(err, lock.ErrHeld) {
				t.Errorf("not excluded: %v", err)
			}
			must(t, l.Unlock())
		}
	}
	if b, _ := os.ReadFile(path); string(b) != "precious" {
		t.Errorf("the data became %q", b)
	}
}

// A handle does not take it for granted that the file still holds its own
// record: not even one of the same length.
func TestAHardLockLeavesDataAloneThatReplacedItsRecord(t *testing.T) {
	path := tempPath(t)
	l := lock.NewFile(path)
	must(t, l.Lock(bg))
	must(t, l.Unlock())
	data := strings.Repeat("x", int(size(t, path))+1)
	must(t, os.WriteFile(path, []byte(data), 0o644))
	must(t, l.Lock(bg))
	must(t, l.Unlock())
	if b, _ := os.ReadFile(path); string(b) != data {
		t.Errorf("the data became %q", b)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	return info.Size()
}

func TestHardLockRecordsOverwriteEachOtherWhole(t *testing.T) {
	path := tempPath(t)
	for _, n := range []int{0, 3000, 10, 9000, 1, 5000, 200} {
		l := lock.NewFile(path, lock.WithNote(strings.Repeat("n", n)))
		must(t, l.Lock(bg))
		if r := readRecord(t, path); len(r.Note) != n {
			t.Errorf("note of %d bytes, want %d", len(r.Note), n)
		}
		if s := size(t, path); s%64 != 0 {
			t.Errorf("a hard lock's file has %d bytes, no multiple of 64", s)
		}
		must(t, l.Unlock())
	}
	// and a soft lock's never has such a length, whatever its record's
	for n := range 70 {
		s := lock.NewSoft(tempPath(t), lock.WithNote(strings.Repeat("n", n)))
		must(t, s.Lock(bg))
		if size(t, s.Path())%64 == 0 {
			t.Errorf("a soft lock's file has %d bytes", size(t, s.Path()))
		}
		readRecord(t, s.Path())
		must(t, s.Unlock())
	}
}

func TestWithoutRecordTheFileStaysEmpty(t *testing.T) {
	path := tempPath(t)
	l := lock.NewFile(path, lock.WithoutRecord())
	must(t, l.Lock(bg))
	if s := size(t, path); s != 0 {
		t.Errorf("%d bytes", s)
	}
	if r, ok := l.Record(); !ok || r.Token == "" {
		t.Error("the handle does not know its own hold")
	}
	must(t, l.Unlock())
}

func TestSoftAndHardLocksExcludeEachOther(t *testing.T) {
	path := tempPath(t)
	s, f := lock.NewSoft(path), lock.NewFile(path)
	must(t, s.Lock(bg))
	if err := f.TryLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("hard beside soft: %v", err)
	}
	must(t, s.Unlock())
	must(t, f.Lock(bg))
	if err := s.TryLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("soft beside hard: %v", err)
	}
	must(t, f.Unlock())
	must(t, f.RLock(bg))
	if err := s.TryLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("soft beside shared: %v", err)
	}
	must(t, f.Unlock())
	// A free hard lock's file gives way.
	must(t, s.TryLock())
	must(t, s.Unlock())

	token, err := lock.Grant(bg, path, os.Getpid())
	must(t, err)
	if err := f.TryLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("hard beside a granted one: %v", err)
	}
	if err := f.TryRLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("shared beside a granted one: %v", err)
	}
	must(t, lock.Revoke(bg, path, token))
	must(t, f.TryLock())
	must(t, f.Unlock())
}

func TestWithModeIsExact(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits: see TestAReadOnlyLockFileIsInNobodysWay")
	}
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		l := newLock(path, lock.WithMode(0o666))
		must(t, l.Lock(bg))
		defer l.Unlock()
		info, err := os.Stat(path)
		must(t, err)
		if info.Mode().Perm() != 0o666 {
			t.Errorf("mode %v", info.Mode())
		}
	})
}

// Without the right to write, which is all that Windows knows of a mode, the owner
// can write his record, let go of the lock and take it again, and others too.
func TestAReadOnlyLockFileIsInNobodysWay(t *testing.T) {
	kinds(t, func(t *testing.T, newLock func(string, ...lock.Option) locker, path string) {
		for range 2 {
			l, other := newLock(path, lock.WithMode(0o444)), newLock(path, lock.WithMode(0o444))
			must(t, l.TryLock())
			if runtime.GOOS == "windows" {
				info, err := os.Stat(path)
				must(t, err)
				if info.Mode().Perm() != 0o444 {
					t.Errorf("mode %v", info.Mode())
				}
			}
			readRecord(t, path)
			if err := other.TryLock(); !errors.Is(err, lock.ErrHeld) {
				t.Errorf("held: %v, want ErrHeld", err)
			}
			must(t, l.Unlock())
			must(t, other.TryLock())
			must(t, other.Unlock())
		}
		dead := start(t, "hold", map[bool]string{true: "soft", false: "file"}[strings.Contains(t.Name(), "Soft")], path)
		dead.kill(t)
		takes(t, newLock(path, lock.WithMode(0o444)))
	})
}

func TestGrantForNoProcessIsAnErrorAndLeavesNothing(t *testing.T) {
	path := tempPath(t)
	c := exec.Command(os.Args[0], "-test.run=^$")
	must(t, c.Run()) // its pid is free now
	if _, err := lock.Grant(bg, path, c.Process.Pid); !errors.Is(err, lock.ErrNoProcess) {
		t.Errorf("Grant: %v, want ErrNoProcess", err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("something was left")
	}
	if err := lock.Revoke(bg, path, ""); !errors.Is(err, lock.ErrOption) {
		t.Errorf("Revoke without a token: %v, want ErrOption", err)
	}
	if err := lock.Revoke(bg, path, "x"); !errors.Is(err, lock.ErrLost) {
		t.Errorf("Revoke of nothing: %v, want ErrLost", err)
	}
}

func TestDupKeepsTheKernelLockAfterTheOwnerIsGone(t *testing.T) {
	path := tempPath(t)
	l := lock.NewFile(path)
	must(t, l.Lock(bg))
	d, err := l.Dup()
	if runtime.GOOS == "windows" { // children inherit no lock there
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Dup: %v, want ErrUnsupported", err)
		}
		must(t, l.Unlock())
		return
	}
	must(t, err)
	must(t, l.Unlock())
	if err := lock.NewFile(path).TryLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("with the duplicate open: %v, want ErrHeld", err)
	}
	must(t, d.Close())
	takes(t, lock.NewFile(path))
}

// What a power cut may leave of a hard lock's file wedges nobody.
func TestAHardLocksFileThatWasNotWrittenWholeIsMended(t *testing.T) {
	path := tempPath(t)
	l := lock.NewFile(path)
	must(t, l.Lock(bg))
	whole, err := os.ReadFile(path)
	must(t, err)
	must(t, l.Unlock())
	mixed := append(append([]byte{}, whole[:len(whole)/2]...), bytes.Repeat([]byte{'}'}, len(whole)/2)...)

	must(t, os.WriteFile(path, mixed, 0o644))
	f := lock.NewFile(path)
	must(t, f.Lock(bg))
	readRecord(t, path)
	must(t, f.Unlock())

	must(t, os.WriteFile(path, mixed, 0o644))
	held := lock.NewFile(path, lock.WithoutRecord())
	must(t, held.Lock(bg))
	if err := lock.NewSoft(path).TryLock(); !errors.Is(err, lock.ErrHeld) {
		t.Errorf("while it is held: %v, want ErrHeld", err)
	}
	must(t, held.Unlock())
	takes(t, lock.NewSoft(path))
}
