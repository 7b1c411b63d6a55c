//go:build unix

package faults_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/meta"
)

// full: all of it, instead of what fits into some seconds.
var full = os.Getenv("FILELOCK_TEST_FULL") != ""

const stayVar = "FILELOCK_TEST_STAY"

// TestMain: with stayVar this binary is another process, which says that it
// runs and stays until its standard input ends.
func TestMain(m *testing.M) {
	if os.Getenv(stayVar) == "" {
		os.Exit(m.Run())
	}
	fmt.Println("here")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// ended is the identity of a process that has ended.
func ended(t *testing.T) meta.Identity {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), stayVar+"=1")
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	_, err = out.Read(make([]byte, 1))
	must(t, err)
	who, err := meta.Of(cmd.Process.Pid)
	must(t, err)
	must(t, in.Close())
	must(t, cmd.Wait())
	return who
}

// worldOf is a process of its own, as far as its records say, on a filesystem.
// It makes no pauses: what it would wait for does not happen meanwhile. Nor does
// it block a thread, whose calls would come in another order each time.
func worldOf(f fsys.FS) *host.Host {
	who := meta.Self()
	who.Instance = uuid.NewString()
	h := host.Real.With(f)
	h.Self = func() meta.Identity { return who }
	h.Sleep = func(time.Duration) {}
	h.Wakes = false
	return h
}

// quickDir is a directory in memory where there is one.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "faults-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// needKernelBacked skips where soft locks do not work.
func needKernelBacked(t *testing.T, dir string) {
	t.Helper()
	c, err := fsys.Real.At(dir).Class()
	must(t, err)
	if !c.KernelBacked() {
		t.Skipf("soft locks do not work in %s (%s)", dir, c.Type)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// recordOf is a soft lock's record without a kernel lock, for an owner.
func recordOf(who meta.Identity) *meta.Record {
	r := &meta.Record{Format: meta.Format, Kind: meta.KindSoft, Token: uuid.NewString(), Created: time.Now().UTC()}
	r.SetOwner(who)
	return r
}

func encode(t *testing.T, r *meta.Record) []byte {
	t.Helper()
	b, err := r.Encode()
	must(t, err)
	return b
}
