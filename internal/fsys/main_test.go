package fsys_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/leaks"
)

// roles are what this test binary does when it is run as another process. Each
// prints a line when it is ready, and ends when its standard input does.
var roles = map[string]func(args []string) error{}

const roleVar = "FILELOCK_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVar); role != "" {
		if err := roles[role](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, role+":", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(leaks.Check(m))
}

func init() {
	// exit does nothing: what matters is that it was started.
	roles["exit"] = func([]string) error { return nil }
	// wait holds what it inherited, and nothing else.
	roles["wait"] = func([]string) error {
		fmt.Println("ready")
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	}
	// drop PATH: has a kernel lock through a file that is collected then.
	roles["drop"] = func(args []string) error {
		err := func() error { // with which the last reference to the file ends
			f, err := at(args[0]).Open(filepath.Base(args[0]), fsys.OpenWrite)
			if err != nil {
				return err
			}
			return f.TryLock(fsys.Exclusive)
		}()
		if err != nil {
			return err
		}
		for range 3 {
			runtime.GC()
		}
		fmt.Println("ready")
		_, err = io.Copy(io.Discard, os.Stdin)
		return err
	}
	// hold PATH MODE: has a kernel lock.
	roles["hold"] = func(args []string) error {
		f, err := at(args[0]).Open(filepath.Base(args[0]), fsys.OpenWrite)
		if err != nil {
			return err
		}
		mode := fsys.Shared
		if args[1] == "exclusive" {
			mode = fsys.Exclusive
		}
		if err := f.TryLock(mode); err != nil {
			return err
		}
		fmt.Println("ready")
		_, err = io.Copy(io.Discard, os.Stdin)
		return err
	}
}

func roleCommand(role string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	// The race detector would sleep a second at the end of each.
	cmd.Env = append(os.Environ(), roleVar+"="+role, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	return cmd
}

// start runs a command made by roleCommand and returns when it is ready; end
// lets it end and waits for that.
func start(t *testing.T, cmd *exec.Cmd) (end func()) {
	t.Helper()
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	ended := false
	end = func() {
		if !ended {
			ended = true
			_ = in.Close()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(end)
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("the other process said nothing: %v", err)
	}
	return end
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// at is the directory of a path.
func at(path string) fsys.Dir { return fsys.Real.At(filepath.Dir(path)) }

// wantErr also wants what every error of this package is.
func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
		return
	}
	var pe *fs.PathError
	if !errors.As(err, &pe) {
		t.Errorf("%v is a %T, want a *fs.PathError", err, err)
	}
}

func create(t *testing.T, d fsys.Dir, name string) fsys.File {
	t.Helper()
	f, err := d.Create(name, 0o644)
	must(t, err)
	return f
}

func open(t *testing.T, d fsys.Dir, name string, how fsys.OpenFlag) fsys.File {
	t.Helper()
	f, err := d.Open(name, how)
	must(t, err)
	return f
}

func closing(t *testing.T, cs ...io.Closer) {
	t.Helper()
	for _, c := range cs {
		must(t, c.Close())
	}
}

// eachDir runs a test with both kinds of Dir for the same directory.
func eachDir(t *testing.T, test func(t *testing.T, d fsys.Dir, path string)) {
	t.Run("At", func(t *testing.T) {
		path := t.TempDir()
		test(t, fsys.Real.At(path), path)
	})
	t.Run("OpenDir", func(t *testing.T) {
		path := t.TempDir()
		d, err := fsys.Real.OpenDir(path)
		must(t, err)
		test(t, d, path)
		closing(t, d)
	})
}

// tmpfs is a new directory on a tmpfs if there is one, else another one.
func tmpfs(t *testing.T) string {
	t.Helper()
	path, err := os.MkdirTemp("/dev/shm", "filelock")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(path) })
	return path
}
