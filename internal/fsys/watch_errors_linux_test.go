package fsys_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/fsys"
)

func init() {
	// watch PATH: says what came of it.
	roles["watch"] = func(args []string) error { return tellError(watchOnce(args[0])) }
	// watch at the limit PATH: with no descriptor to be had, and then with one.
	roles["watch at the limit"] = func(args []string) error {
		r, w, err := os.Pipe() // with which the poller has its own descriptors
		if err := errors.Join(err, r.Close(), w.Close()); err != nil {
			return err
		}
		var was unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
			return err
		}
		var taken []int
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 100, Max: was.Max}); err != nil {
			return err
		}
		for {
			fd, err := unix.Dup(0)
			if err == unix.EMFILE {
				break
			}
			if err != nil {
				return err
			}
			taken = append(taken, fd)
		}
		limited := watchOnce(args[0])
		for _, fd := range taken {
			unix.Close(fd)
		}
		return errors.Join(watchOnce(args[0]), tellError(limited))
	}
	// watch without proc PATH: in a directory that is open.
	roles["watch without proc"] = func(args []string) error {
		d, err := fsys.Real.OpenDir(filepath.Dir(args[0]))
		if err != nil {
			return err
		}
		if err := unix.Mount("none", "/proc", "tmpfs", 0, ""); err != nil {
			fmt.Println("skip:", err)
			return nil
		}
		_, err = fsys.Watch(d, filepath.Base(args[0]))
		return tellError(err)
	}
	// watch limited N FILE TIMES PATH: under a limit that a user namespace may set for itself.
	roles["watch limited"] = func(args []string) error {
		if err := os.WriteFile(args[1], []byte(args[0]), 0); err != nil {
			fmt.Println("skip:", err)
			return nil
		}
		times, err := strconv.Atoi(args[2])
		for ; err == nil && times > 0; times-- {
			err = watchOnce(args[3])
		}
		return tellError(err)
	}
}

func watchOnce(path string) error {
	w, err := fsys.Watch(at(path), filepath.Base(path))
	if err == nil {
		w.Close()
	}
	return err
}

// tellError is read by whoever started the role.
func tellError(err error) error {
	var pe *fs.PathError
	switch {
	case err == nil:
		fmt.Print("no error")
	case errors.As(err, &pe):
		fmt.Print(pe)
	default:
		return fmt.Errorf("%w is a %T", err, err)
	}
	return nil
}

func wantTold(t *testing.T, cmd *exec.Cmd, want string) {
	t.Helper()
	out, err := cmd.Output()
	if errors.Is(err, syscall.EPERM) || strings.HasPrefix(string(out), "skip:") {
		t.Skipf("not allowed here: %v %s", err, out)
	}
	must(t, err)
	if string(out) != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

// decorated is a Dir that is not Real's.
type decorated struct{ fsys.Dir }

func TestWatchSaysWhyNot(t *testing.T) {
	eachDir(t, func(t *testing.T, d fsys.Dir, path string) {
		for _, name := range []string{"", ".", "..", "a/b", "a\x00b"} {
			_, err := fsys.Watch(d, name)
			wantErr(t, err, unix.EINVAL)
		}
		_, err := fsys.Watch(d, "none")
		wantErr(t, err, fs.ErrNotExist)
		touch(t, filepath.Join(path, "a"))
		_, err = fsys.Watch(decorated{d}, "a")
		wantErr(t, err, errors.ErrUnsupported)
		watch(t, d, "a")
	})
	d, err := fsys.Real.OpenDir(t.TempDir())
	must(t, err)
	closing(t, d)
	_, err = fsys.Watch(d, "a")
	wantErr(t, err, fs.ErrClosed)
}

func TestWatchAtTheLimitOfDescriptors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	touch(t, path)
	wantTold(t, roleCommand("watch at the limit", path), "watch "+path+": "+unix.EMFILE.Error())
}

// Who took that for a removal would try again at once, and again.
func TestWithoutProcAFileIsNotTakenToBeGone(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount")
	}
	path := filepath.Join(t.TempDir(), "a")
	touch(t, path)
	cmd := roleCommand("watch without proc", path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	wantTold(t, cmd, "watch "+path+": /proc/self/fd does not lead to the directory")
}

func limited(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	emulation.SkipQemu(t, "its clone makes no namespaces")
	cmd := roleCommand("watch limited", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	return cmd
}

func TestWatchAtTheLimitOfTheUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	touch(t, path)
	for limit, want := range map[string]error{"max_inotify_instances": unix.EMFILE, "max_inotify_watches": unix.ENOSPC} {
		t.Run(limit, func(t *testing.T) {
			wantTold(t, limited(t, "0", "/proc/sys/user/"+limit, "1", path), "watch "+path+": "+want.Error())
		})
	}
}

// An instance counts until the kernel is done with it, long after its
// descriptor is gone.
func TestComingAndGoingTakesTwoInstances(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	touch(t, path)
	wantTold(t, limited(t, "2", "/proc/sys/user/max_inotify_instances", "1000", path), "no error")
}

func TestWatchNeedsTheRightToRead(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	path, err := os.MkdirTemp("", "filelock") // t.TempDir is root's alone
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(path) })
	must(t, os.Chmod(path, 0o755))
	path = filepath.Join(path, "a")
	touch(t, path)
	must(t, os.Chmod(path, 0o200))
	cmd := roleCommand("watch", path)
	cmd.Path = "/proc/self/exe" // nobody may not be able to reach the path of this binary
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	wantTold(t, cmd, "watch "+path+": "+unix.EACCES.Error())
}
