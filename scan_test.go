package filelock_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// manyLocks is how many lock files are scanned and reaped.
func manyLocks() int {
	switch {
	case emulation.Wine(): // reads the whole directory for each file that is made
		return 500
	case full():
		return 100_000
	}
	return 5_000
}

// heapBound is how far the heap may grow while any number of locks are
// scanned. The garbage collector starts at 4 MiB; 100,000 results kept would
// be over 100 MiB.
const heapBound = 32 << 20

func TestManyLocksAreScannedAndReapedInBoundedMemory(t *testing.T) {
	n := manyLocks()
	dir := t.TempDir()
	graveyard(t, dir, n, "")
	h := watchHeap()
	start := time.Now()
	if found := scanAll(t, dir, h); found != n {
		t.Errorf("scan found %d dead owners' locks, want %d", found, n)
	}
	t.Logf("scan of %d locks: %v, heap grew by %d KiB at most", n, time.Since(start).Round(time.Millisecond), h.growth()>>10)
	start = time.Now()
	if broken := reapAll(t, dir, h); broken != n {
		t.Errorf("reap broke %d locks, want %d", broken, n)
	}
	t.Logf("scan and reap of %d locks: %v, heap grew by %d KiB at most", n, time.Since(start).Round(time.Millisecond), h.growth()>>10)
	if h.growth() > heapBound {
		t.Errorf("the heap grew by %d MiB, want at most %d: memory must not grow with the number of locks", h.growth()>>20, heapBound>>20)
	}
	left, err := os.ReadDir(dir)
	must(t, err)
	if len(left) > 0 {
		t.Errorf("%d files are left", len(left))
	}
}

// The records are as long as they can be: what is looked at ahead is bounded in
// bytes, too, or it would be 64 MiB of them.
func TestLongRecordsAreScannedInBoundedMemory(t *testing.T) {
	const n = 2500
	dir := t.TempDir()
	graveyard(t, dir, n, strings.Repeat("n", meta.MaxSize-1024))
	h := watchHeap()
	if found := scanAll(t, dir, h); found != n {
		t.Errorf("scan found %d dead owners' locks, want %d", found, n)
	}
	t.Logf("the heap grew by %d KiB at most", h.growth()>>10)
	if h.growth() > heapBound {
		t.Errorf("the heap grew by %d MiB, want at most %d", h.growth()>>20, heapBound>>20)
	}
}

func BenchmarkScan(b *testing.B) {
	n := manyLocks()
	dir := b.TempDir()
	graveyard(b, dir, n, "")
	h := watchHeap()
	for b.Loop() {
		scanAll(b, dir, h)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/lock")
	b.ReportMetric(float64(h.growth()), "peak-heap-B")
}

func BenchmarkReap(b *testing.B) {
	n := manyLocks()
	dir := b.TempDir()
	var h *heap
	for b.Loop() {
		b.StopTimer()
		graveyard(b, dir, n, "")
		h = watchHeap()
		b.StartTimer()
		if broken := reapAll(b, dir, h); broken != n {
			b.Fatalf("reap broke %d locks, want %d", broken, n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/lock")
	b.ReportMetric(float64(h.growth()), "peak-heap-B")
}

func scanAll(t testing.TB, dir string, h *heap) (dead int) {
	for st, err := range reaper.Scan(bg, dir, reaper.Options{}) {
		must(t, err)
		if st.Verdict == reaper.Dead {
			dead++
		}
		h.sample()
	}
	return dead
}

func reapAll(t testing.TB, dir string, h *heap) (broken int) {
	for o := range reaper.Reap(bg, dir, reaper.Options{}) {
		must(t, o.Err)
		if o.Action == reaper.Broken {
			broken++
		}
		h.sample()
	}
	return broken
}

// graveyard makes the soft locks of n owners that died, as they leave them.
func graveyard(t testing.TB, dir string, n int, note string) {
	t.Helper()
	needsSoft(t)
	p := start(t, "hold", tempPath(t))
	owner, err := meta.Of(p.Process.Pid)
	must(t, err)
	p.kill()
	d := fsys.Real.At(dir)
	class, err := d.Class()
	must(t, err)
	for i := range n {
		f, err := d.Create(fmt.Sprintf("%06d.lock", i), 0o644)
		must(t, err)
		info, err := f.Info()
		must(t, err)
		rec := meta.Record{
			Format: meta.Format, Kind: meta.KindSoft, Token: host.Real.NewToken(), Created: time.Now().UTC(),
			KernelLock: true, Inode: strconv.FormatUint(info.Ino, 10), Filesystem: class.Type, Note: note,
		}
		rec.SetOwner(owner)
		b, err := rec.Encode()
		must(t, err)
		must(t, errors.Join(f.Write(b), f.Close()))
	}
}

// heap watches how large the heap becomes.
type heap struct {
	before, most uint64
	n            int
}

func watchHeap() *heap {
	runtime.GC()
	h := &heap{before: heapObjects()}
	h.most = h.before
	return h
}

func (h *heap) sample() {
	if h.n++; h.n%64 == 0 {
		h.most = max(h.most, heapObjects())
	}
}

func (h *heap) growth() uint64 { return h.most - h.before }

func heapObjects() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
