package lock_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/filelock-go/filelock/lock"
)

// The uncontended path, beside the bare calls that a soft lock cannot do
// without. Read the ratio, not the time.

func BenchmarkBareCreateAndRemove(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x")
	for b.Loop() {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
		if err != nil {
			b.Fatal(err)
		}
		_, werr := f.WriteString("x")
		if cerr, rerr := f.Close(), os.Remove(path); werr != nil || cerr != nil || rerr != nil {
			b.Fatal(werr, cerr, rerr)
		}
	}
}

func BenchmarkSoft(b *testing.B) { benchmark(b, lock.NewSoft(filepath.Join(b.TempDir(), "x"))) }
func BenchmarkFile(b *testing.B) { benchmark(b, lock.NewFile(filepath.Join(b.TempDir(), "x"))) }

func benchmark(b *testing.B, l lock.Locker) {
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Lock(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := l.Unlock(); err != nil {
			b.Fatal(err)
		}
	}
}
