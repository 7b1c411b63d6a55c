//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package lock_test

import (
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/lock"
)

// The uncontended path next to the system calls that a lock of its kind cannot
// do without, in blocks that take turns, so that whatever else the machine does
// slows both. Read the ratio, not the times. calls-ratio is that of our own system
// calls without this library: the rest up to ratio is Go. The directory is below
// TMPDIR:
//
//	TMPDIR=/dev/shm go test -run xxx -bench Uncontended -count 6 ./lock

func BenchmarkUncontendedSoft(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x")
	compare(b, path, lock.NewSoft(path), bareSoft, softCalls)
}

func BenchmarkUncontendedFile(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x")
	compare(b, path, lock.NewFile(path), bareFile, fileCalls)
}

func BenchmarkUncontendedFileWithoutRecord(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x")
	compare(b, path, lock.NewFile(path, lock.WithoutRecord()), bareFile, plainCalls)
}

// block is how many locks are taken before the other side has its turn: long
// against the clock's resolution, short against the machine's moods.
const block = 50

func compare(b *testing.B, path string, l lock.Locker, bare, calls func(*testing.B, string)) {
	b.ReportAllocs() // of all together
	ctx := b.Context()
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	must(l.Lock(ctx)) // the first has the path to look at
	must(l.Unlock())
	var theirs, ours, floor []float64
	for i := 0; b.Loop(); i++ {
		if i%block != 0 {
			continue
		}
		start := time.Now()
		for range block {
			bare(b, path)
		}
		middle := time.Now()
		for range block {
			must(l.Lock(ctx))
			must(l.Unlock())
		}
		theirs = append(theirs, float64(middle.Sub(start))/block)
		end := time.Now()
		for range block {
			calls(b, path+".calls") // not into the lock's file, which it would respect
		}
		ours = append(ours, float64(end.Sub(middle))/block)
		floor = append(floor, float64(time.Since(end))/block)
	}
	ratios, floors := make([]float64, len(ours)), make([]float64, len(ours))
	for i := range ours {
		ratios[i], floors[i] = ours[i]/theirs[i], floor[i]/theirs[i]
	}
	b.ReportMetric(0, "ns/op") // of all together: says nothing
	b.ReportMetric(median(theirs), "bare-ns")
	b.ReportMetric(median(ours), "ours-ns")
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(median(floors), "calls-ratio")
}

func median(xs []float64) float64 {
	slices.Sort(xs)
	return xs[len(xs)/2]
}

func bareSoft(b *testing.B, path string) {
	fd, err := unix.Openat(unix.AT_FDCWD, path, unix.O_CREAT|unix.O_EXCL|unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		b.Fatal(err)
	}
	_, werr := unix.Pwrite(fd, record, 0)
	if cerr, uerr := unix.Close(fd), unix.Unlink(path); werr != nil || cerr != nil || uerr != nil {
		b.Fatal(werr, cerr, uerr)
	}
}

// record is as long as a record usually is.
var record = make([]byte, 448)

func bareFile(b *testing.B, path string) {
	fd, err := unix.Openat(unix.AT_FDCWD, path, unix.O_CREAT|unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		b.Fatal(err)
	}
	// Not unix.Flock: it is missing on illumos.
	ferr := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB)
	if cerr := unix.Close(fd); ferr != nil || cerr != nil {
		b.Fatal(ferr, cerr)
	}
}

// The calls of a lock and an unlock through a handle that was used before; see
// TestWhatALockAndAnUnlockAskTheFilesystem.

func softCalls(b *testing.B, path string) {
	var st unix.Stat_t
	fd, err := unix.Openat(unix.AT_FDCWD, path, unix.O_CREAT|unix.O_EXCL|unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o644)
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	must(err)
	must(syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB))
	must(unix.Fstat(fd, &st))
	must(unix.Fstatat(unix.AT_FDCWD, path, &st, unix.AT_SYMLINK_NOFOLLOW))
	_, err = unix.Pwrite(fd, record, 0)
	must(err)
	must(unix.Fstatat(unix.AT_FDCWD, path, &st, unix.AT_SYMLINK_NOFOLLOW))
	must(unix.Unlink(path))
	must(unix.Close(fd))
}

func fileCalls(b *testing.B, path string)  { hardCalls(b, path, true) }
func plainCalls(b *testing.B, path string) { hardCalls(b, path, false) }

func hardCalls(b *testing.B, path string, write bool) {
	var st unix.Stat_t
	fd, err := unix.Openat(unix.AT_FDCWD, path, unix.O_CREAT|unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o644)
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	must(err)
	must(unix.Fstat(fd, &st))
	must(syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB))
	must(unix.Fstatat(unix.AT_FDCWD, path, &st, unix.AT_SYMLINK_NOFOLLOW))
	if write {
		_, err = unix.Pwrite(fd, record, 0)
		must(err)
	}
	must(unix.Close(fd))
}
