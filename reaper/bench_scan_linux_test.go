package reaper_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// The scan of one directory, beside the least that can be done with its files:
// getdents, and then openat, read and close of each, with bare system calls in
// one thread. Read the ratio ("x-bare"), not the time: the two are measured in
// turns.
//
// FILELOCK_BENCH_FILES is how many files there are (by default, 10,000).

func benchFiles(b *testing.B) int {
	n := 10_000
	if s := os.Getenv("FILELOCK_BENCH_FILES"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < 1 {
			b.Fatalf("FILELOCK_BENCH_FILES=%q", s)
		}
	}
	return n
}

func BenchmarkBareRead(b *testing.B) {
	n := benchFiles(b)
	dir := morgue(b, n, mixes["live"])
	for b.Loop() {
		if seen := bareRead(b, dir); seen != n {
			b.Fatalf("%d files, want %d", seen, n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/file")
}

func BenchmarkScan(b *testing.B) {
	for _, name := range []string{"live", "held", "dead", "gone", "foreign", "mixed", "data"} {
		b.Run(name, func(b *testing.B) {
			n := benchFiles(b)
			dir := morgue(b, n, mixes[name])
			var bare, scan, bareCPU, scanCPU time.Duration
			var ratios []float64
			bareRead(b, dir)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for b.Loop() {
				t0, c0 := time.Now(), usage(b)
				bareRead(b, dir)
				t1, c1 := time.Now(), usage(b)
				for _, err := range reaper.Scan(b.Context(), dir, reaper.Options{}) {
					if err != nil {
						b.Fatal(err)
					}
				}
				t2, c2 := time.Now(), usage(b)
				bareCPU, scanCPU = bareCPU+c1.cpu-c0.cpu, scanCPU+c2.cpu-c1.cpu
				bare, scan = bare+t1.Sub(t0), scan+t2.Sub(t1)
				ratios = append(ratios, float64(t2.Sub(t1))/float64(t1.Sub(t0)))
			}
			runtime.ReadMemStats(&after)
			slices.Sort(ratios)
			files := float64(b.N * n)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(bare.Nanoseconds())/files, "bare-ns/file")
			b.ReportMetric(float64(scan.Nanoseconds())/files, "ns/file")
			b.ReportMetric(ratios[len(ratios)/2], "x-bare")
			b.ReportMetric(float64(scanCPU)/float64(bareCPU), "cpu-x-bare")
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/files, "allocs/file")
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/files, "B/file")
			b.ReportMetric(float64(usage(b).peak>>20), "peak-MiB")
		})
	}
}

// mixes say what is written into the file number i: a record and whether its
// owner has the kernel lock; nil is no lock file.
var mixes = map[string]func(m *mortuary, i int) (rec *meta.Record, held bool){
	// Soft locks of a few live processes of this machine, without kernel locks.
	"live": func(m *mortuary, i int) (*meta.Record, bool) { return recordOf(m.live[i%len(m.live)]), false },
	// Soft locks whose owner lives and has the kernel lock.
	"held": func(m *mortuary, i int) (*meta.Record, bool) {
		return withKernelLock(recordOf(m.live[i%len(m.live)])), true
	},
	// Soft locks with a kernel lock whose owner died.
	"dead": func(m *mortuary, i int) (*meta.Record, bool) { return withKernelLock(recordOf(m.gone)), false },
	// The same without a kernel lock.
	"gone": func(m *mortuary, i int) (*meta.Record, bool) { return recordOf(m.gone), false },
	// Soft locks of other hosts, without a kernel lock here.
	"foreign": func(m *mortuary, i int) (*meta.Record, bool) { return recordOf(m.elsewhere[i%len(m.elsewhere)]), false },
	// Of ten: 5 live, 2 dead with a kernel lock, 1 gone, 1 of another host, 1 no lock.
	"mixed": func(m *mortuary, i int) (*meta.Record, bool) {
		switch i % 10 {
		case 0, 1:
			return withKernelLock(recordOf(m.gone)), false
		case 2:
			return recordOf(m.gone), false
		case 3:
			return recordOf(m.elsewhere[i/10%len(m.elsewhere)]), false
		case 4:
			return nil, false
		}
		return recordOf(m.live[i%len(m.live)]), false
	},
	// No locks at all.
	"data": func(*mortuary, int) (*meta.Record, bool) { return nil, false },
}

func withKernelLock(r *meta.Record) *meta.Record {
	r.KernelLock = true
	return r
}

// mortuary are the owners.
type mortuary struct {
	live, elsewhere []meta.Identity
	gone            meta.Identity
}

// morgue makes a directory with n files.
func morgue(b *testing.B, n int, of func(*mortuary, int) (*meta.Record, bool)) (dir string) {
	b.Helper()
	fatal := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	var m mortuary
	for range 4 {
		p, err := spawn()
		fatal(err)
		id, err := meta.Of(p.Process.Pid)
		fatal(err)
		if len(m.live) == 3 {
			m.gone = id
			fatal(p.Process.Kill())
			_ = p.Wait() // says that it was killed
			break
		}
		m.live = append(m.live, id)
		b.Cleanup(func() { _ = p.Process.Kill(); _ = p.Wait() })
	}
	for i := range 20 {
		id := m.gone
		id.Hostname, id.BootID, id.MachineID = fmt.Sprintf("host%d", i), fmt.Sprintf("%032x", i), fmt.Sprintf("%032x", 99-i)
		m.elsewhere = append(m.elsewhere, id)
	}
	if _, held := of(&m, 0); held { // each with a descriptor
		limit := unix.Rlimit{Cur: uint64(n) + 100, Max: uint64(n) + 100}
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
			b.Skipf("not so many files can be open: FILELOCK_BENCH_FILES=%d", n)
		}
	}
	dir = b.TempDir()
	class, err := fsys.Real.At(dir).Class()
	fatal(err)
	for i := range n {
		rec, held := of(&m, i)
		f, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("job-%06d.lock", i)), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
		fatal(err)
		text := []byte("some other file\n")
		if rec != nil {
			rec.Program, rec.User = "worker", "root"
			if rec.KernelLock {
				var st unix.Stat_t
				fatal(unix.Fstat(int(f.Fd()), &st))
				rec.Inode, rec.Device, rec.Filesystem = strconv.FormatUint(st.Ino, 10), strconv.FormatUint(uint64(st.Dev), 10), class.Type
			}
			text, err = rec.Encode()
			fatal(err)
		}
		_, err = f.Write(text)
		fatal(err)
		if !held {
			fatal(f.Close())
			continue
		}
		// By this process instead of its owner: it is the lock that counts.
		fatal(unix.Flock(int(f.Fd()), unix.LOCK_EX))
		b.Cleanup(func() { _ = f.Close() })
	}
	return dir
}

// bareRead reads the beginning of every file in dir, with nothing around the
// system calls, and says how many there are.
func bareRead(b *testing.B, dir string) (files int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	names, text := make([]byte, 32<<10), make([]byte, 4<<10)
	for {
		n, err := unix.Getdents(fd, names)
		if err != nil {
			b.Fatal(err)
		}
		if n == 0 {
			return files
		}
		for rest := names[:n]; len(rest) > 0; {
			length := binary.NativeEndian.Uint16(rest[16:])
			if rest[18] == unix.DT_REG {
				f, _, e := unix.Syscall6(unix.SYS_OPENAT, uintptr(fd), uintptr(unsafe.Pointer(&rest[19])), unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0, 0, 0)
				if e != 0 {
					b.Fatal(e)
				}
				_, _, rerr := unix.Syscall(unix.SYS_READ, f, uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)))
				_, _, cerr := unix.Syscall(unix.SYS_CLOSE, f, 0, 0)
				if rerr != 0 || cerr != 0 {
					b.Fatal(rerr, cerr)
				}
				files++
			}
			rest = rest[length:]
		}
	}
}

// used is what the process used so far.
type used struct {
	cpu  time.Duration // user and system
	peak int64         // of memory, bytes
}

func usage(b *testing.B) used {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return used{time.Duration(u.Utime.Nano() + u.Stime.Nano()), int64(u.Maxrss) << 10}
}
