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
// slows both. Read the ratio, not the times. The directory is below TMPDIR:
//
//	TMPDIR=/dev/shm go test -run xxx -bench Uncontended -count 6 ./lock

func BenchmarkUncontendedSoft(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x")
	compare(b, path, lock.NewSoft(path), bareSoft)
}

func BenchmarkUncontendedFile(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x")
	compare(b, path, lock.NewFile(path), bareFile)
}

func BenchmarkUncontendedFileWithoutRecord(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x")
	compare(b, path, lock.NewFile(path, lock.WithoutRecord()), bareFile)
}

// block is how many locks are taken before the other side has its turn: long
// against the clock's resolution, short against the machine's moods.
const block = 50

func compare(b *testing.B, path string, l lock.Locker, bare func(*testing.B, string)) {
	b.ReportAllocs() // of both together
	ctx := b.Context()
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	must(l.Lock(ctx)) // the first has the path to look at
	must(l.Unlock())
	var theirs, ours []float64
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
		ours = append(ours, float64(time.Since(middle))/block)
	}
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = ours[i] / theirs[i]
	}
	b.ReportMetric(0, "ns/op") // of both together: says nothing
	b.ReportMetric(median(theirs), "bare-ns")
	b.ReportMetric(median(ours), "ours-ns")
	b.ReportMetric(median(ratios), "ratio")
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
var record = make([]byte, 640)

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
