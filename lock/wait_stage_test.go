//go:build linux || windows

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
	"testing"
	"time"

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
		go saysWhenBlocked(args[1])
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
