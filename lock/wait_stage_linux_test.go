package lock_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/lock"
)

func init() {
	// queue KIND PATH [SAY]: says "ready", takes the lock, says "got", lets go at
	// the next line and says "out". With SAY it is a soft lock, and "waiting" is
	// said when it has to wait.
	roles["queue"] = func(args []string) error {
		l := newLocker(args[0], args[1])
		if len(args) > 2 {
			l = lock.NewSoft(args[1], lock.WithLogger(slog.New(sayWaiting{slog.DiscardHandler})))
		}
		fmt.Println("ready")
		if err := l.Lock(context.Background()); err != nil {
			return err
		}
		fmt.Println("got")
		in := bufio.NewReader(os.Stdin)
		if _, err := in.ReadString('\n'); err != nil {
			return nil
		}
		if err := l.Unlock(); err != nil {
			return err
		}
		fmt.Println("out")
		_, err := io.Copy(io.Discard, in)
		return err
	}
	// flock PATH: another program, which knows of flock(2) only. It lets go at
	// the next line, or when its input ends.
	roles["flock"] = func(args []string) error {
		fd, err := syscall.Open(args[0], syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o644)
		if err != nil {
			return err
		}
		if err := syscall.Flock(fd, syscall.LOCK_EX); err != nil {
			return err
		}
		fmt.Println("held")
		in := bufio.NewReader(os.Stdin)
		if _, err := in.ReadString('\n'); err == nil {
			if err := syscall.Flock(fd, syscall.LOCK_UN); err != nil {
				return err
			}
			fmt.Println("free")
		}
		_, err = io.Copy(io.Discard, in)
		return err
	}
}

// sayWaiting is a logger that tells another process that this one waits.
type sayWaiting struct{ slog.Handler }

func (sayWaiting) Enabled(context.Context, slog.Level) bool { return true }
func (s sayWaiting) WithGroup(string) slog.Handler          { return s }
func (sayWaiting) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "waiting" {
		fmt.Println("waiting")
	}
	return nil
}

func (p *process) say(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
		t.Fatal(err)
	}
}

func (p *process) says(t *testing.T, want string) {
	t.Helper()
	if got := strings.TrimSpace(p.line(t)); got != want {
		t.Fatalf("the other process said %q, want %q", got, want)
	}
}

// until waits for what other processes or goroutines are about to do.
func until(claim func() bool) {
	for !claim() {
		time.Sleep(time.Millisecond)
	}
}

// gateOf is the path of a lock's gate.
func gateOf(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".gate")
}

// kernelLocks counts the locks of one type ("FLOCK", "OFDLCK") that the kernel
// knows on a file, and those that wait for one.
func kernelLocks(t *testing.T, typ, path string) (held, waiting int) {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return 0, 0
	}
	inode := fmt.Sprintf("%02x:%02x:%d", unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)), st.Ino)
	b, err := os.ReadFile("/proc/locks")
	must(t, err)
	for line := range strings.Lines(string(b)) {
		fields := strings.Fields(line)
		blocked := len(fields) > 1 && fields[1] == "->"
		if blocked {
			fields = append(fields[:1], fields[2:]...)
		}
		switch {
		case len(fields) < 6 || fields[1] != typ || fields[5] != inode:
		case typ == "OFDLCK" && fields[3] != "WRITE": // says that somebody is present
		case blocked:
			waiting++
		default:
			held++
		}
	}
	return held, waiting
}

// inOrder is how many processes stand in the order for a lock of a kind: who
// waits for it and those who wait for their turn.
func inOrder(t *testing.T, kind, path string) int {
	t.Helper()
	if kind == "soft" {
		held, waiting := kernelLocks(t, "FLOCK", gateOf(path))
		return held + waiting
	}
	held, waiting := kernelLocks(t, "OFDLCK", path)
	return held + waiting
}

// blocked waits until a thread is blocked on the lock's file, or at its gate.
func blocked(t *testing.T, path string) {
	t.Helper()
	until(func() bool {
		_, file := kernelLocks(t, "FLOCK", path)
		_, turn := kernelLocks(t, "OFDLCK", path)
		_, gate := kernelLocks(t, "FLOCK", gateOf(path))
		return file+turn+gate > 0
	})
}

// withNet sets the pause of the safety net for a test in which it is needed.
func withNet(t *testing.T, d time.Duration) {
	t.Helper()
	first, longest := lock.SetNet(d, d)
	t.Cleanup(func() { lock.SetNet(first, longest) })
}

// alone is an error for everything in the lock's directory but the names.
func alone(t *testing.T, path string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	if fmt.Sprint(found) != fmt.Sprint(names) {
		t.Errorf("left in the directory: %q, want %q", found, names)
	}
}

func locksOf(kind string) []string {
	if kind == "soft" {
		return nil
	}
	return []string{"job.lock"}
}

// pause is a safety net's pause where the net is needed.
const pause = 5 * time.Millisecond
