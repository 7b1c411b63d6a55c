package fsys_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

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
	// watch limited FILE PATH: under a limit of nothing, which a user namespace may set for itself.
	roles["watch limited"] = func(args []string) error {
		if err := os.WriteFile(args[0], []byte("0"), 0); err != nil {
			fmt.Println("skip:", err)
			return nil
		}
		return tellError(watchOnce(args[1]))
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
	if errors.Is(err, syscall.EPERM) || len(out) > 5 && string(out[:5]) == "skip:" {
		t.Skipf("not allowed here: %v %s", err, out)
	}
	must(t, err)
	if string(out) != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

// undecided is a Dir of somebody else.
type undecided struct{ fsys.Dir }

func TestWatchSaysWhyNot(t *testing.T) {
	eachDir(t, func(t *testing.T, d fsys.Dir, path string) {
		for _, name := range []string{"", ".", "..", "a/b", "a\x00b"} {
			_, err := fsys.Watch(d, name)
			wantErr(t, err, unix.EINVAL)
		}
		_, err := fsys.Watch(d, "none")
		wantErr(t, err, fs.ErrNotExist)
		touch(t, filepath.Join(path, "a"))
		_, err = fsys.Watch(undecided{d}, "a")
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

func TestWatchAtTheLimitOfTheUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	touch(t, path)
	for limit, want := range map[string]error{"max_inotify_instances": unix.EMFILE, "max_inotify_watches": unix.ENOSPC} {
		t.Run(limit, func(t *testing.T) {
			cmd := roleCommand("watch limited", "/proc/sys/user/"+limit, path)
			cmd.SysProcAttr = &syscall.SysProcAttr{
				Cloneflags:  syscall.CLONE_NEWUSER,
				UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
				GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
			}
			wantTold(t, cmd, "watch "+path+": "+want.Error())
		})
	}
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
