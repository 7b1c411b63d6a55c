package reaper_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

const denied = "*fs.PathError fs.ErrPermission"

func TestDirectoriesAndFilesOfOthers(t *testing.T) {
	nobody := unprivileged(t)
	dead := recordOf(ended(t))
	deadLock := func(t *testing.T, path string) { write(t, path, encode(t, dead)) }
	liveLock := func(t *testing.T, path string) { owner(t, path) }
	for _, c := range []struct {
		trap
		mode os.FileMode // of the directory
	}{
		{trap{"unreadable file", func(t *testing.T, path string) {
			write(t, path, []byte("secret"))
			must(t, os.Chmod(path, 0))
		}, "unknown", "ErrHeld fs.ErrPermission", denied}, 0o777},
		{trap{"unreadable dead lock", func(t *testing.T, path string) {
			deadLock(t, path)
			must(t, os.Chmod(path, 0))
		}, "unknown", "ErrHeld fs.ErrPermission", denied}, 0o777},
		{trap{"read-only directory", nil, "free", denied, denied}, 0o555},
		{trap{"read-only directory, live lock", liveLock, "held", "ErrHeld", "ErrHeld"}, 0o555},
		{trap{"read-only directory, dead lock", deadLock, "stale", "ErrHeld fs.ErrPermission *lock.HeldError at-once", ""}, 0o555},
		{trap{"directory that cannot be read, live lock", liveLock, "held", "ErrHeld", "ErrHeld"}, 0o733},
		{trap{"closed directory", nil, denied, denied, denied}, 0o600},
		{trap{"closed directory, live lock", liveLock, denied, denied, denied}, 0o600},
		{trap{"sticky directory, dead lock", deadLock, "stale", "ErrHeld fs.ErrPermission *lock.HeldError at-once", ""}, 0o777 | os.ModeSticky},
		{trap{"sticky directory, live lock", liveLock, "held", "ErrHeld", "ErrHeld"}, 0o777 | os.ModeSticky},
		{trap{"sticky directory, torn lock", func(t *testing.T, path string) { write(t, path, nil) },
			"stale", "ErrHeld fs.ErrPermission *lock.HeldError at-once", ""}, 0o777 | os.ModeSticky},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := publicDir(t, 0o755)
			path := filepath.Join(dir, "job.lock")
			needSoft(t, path)
			if c.put != nil {
				c.put(t, path)
			}
			must(t, os.Chmod(dir, c.mode))
			spring(t, nobody, c.trap, dir, path)
			if strings.Contains(c.soft, "at-once") {
				r := nobody.order(t, "wait", "soft", path)
				if r.is("ErrTimeout") {
					t.Errorf("it was waited for: %s", r.Err)
				}
			}
		})
	}
}

// inMount starts an actor with a filesystem of its own, which this process
// reaches below the second path.
func inMount(t *testing.T, options string) (a *process, dir, seen string) {
	t.Helper()
	a = within(t, 0)
	dir = publicDir(t, 0o755)
	obeys(t, a, "mount", "tmpfs", dir, "tmpfs", options)
	return a, dir, fmt.Sprintf("/proc/%d/root%s", a.Process.Pid, dir)
}

func TestReadOnlyFilesystem(t *testing.T) {
	a, dir, seen := inMount(t, "mode=0755")
	for name, b := range map[string][]byte{"dead": encode(t, recordOf(meta.Identity{PID: 1, Hostname: "elsewhere"})), "torn": nil, "data": []byte("data")} {
		write(t, filepath.Join(seen, name), b)
	}
	obeys(t, a, "remount-read-only", dir)
	for _, c := range []trap{
		{name: "none", inspect: "free", soft: "*fs.PathError EROFS", file: "*fs.PathError EROFS"},
		{name: "dead", inspect: "unknown", soft: "ErrHeld", file: "ErrHeld"},
		{name: "torn", inspect: "stale", soft: "*fs.PathError EROFS", file: ""},
		{name: "data", inspect: "unknown", soft: "ErrNotLockFile", file: ""},
	} {
		t.Run(c.name, func(t *testing.T) { spring(t, a, c, seen, filepath.Join(dir, c.name)) })
	}
}

// A volume that is mounted read-only here and is written to elsewhere.
func TestLocksOfAReadOnlyMount(t *testing.T) {
	a, dir, seen := inMount(t, "mode=0755")
	obeys(t, a, "mkdir", filepath.Join(dir, "rw"))
	obeys(t, a, "mkdir", filepath.Join(dir, "ro"))
	p := another(t, a, 0)
	hold(t, p, "soft", filepath.Join(dir, "rw", "live"))
	q := another(t, a, 0)
	hold(t, q, "soft", filepath.Join(dir, "rw", "dead"))
	q.end(t)
	obeys(t, a, "bind-read-only", filepath.Join(dir, "rw"), filepath.Join(dir, "ro"))
	for _, c := range []trap{
		{name: "live", inspect: "held", soft: "ErrHeld", file: "ErrHeld"},
		{name: "dead", inspect: "stale", soft: "*fs.PathError EROFS", file: ""},
	} {
		t.Run(c.name, func(t *testing.T) { spring(t, a, c, seen, filepath.Join(dir, "ro", c.name)) })
	}
	isAlive(t, a, filepath.Join(dir, "rw", "live"), reaper.RuleKernelLockHeld)
}

func TestAFullDiskLeavesNothingBehind(t *testing.T) {
	t.Run("no space for the record", func(t *testing.T) {
		a, dir, seen := inMount(t, "mode=0755,size=64k")
		path := filepath.Join(dir, "job.lock")
		defer leavesNothing(t, a)()
		obeys(t, a, "fill", filepath.Join(dir, "filler"))
		for _, do := range []string{"try", "wait"} {
			r := a.order(t, do, "soft", path)
			if !r.is("ENOSPC") || !r.is("*fs.PathError") {
				t.Errorf("%s: %q, want no space left", do, r.Err)
			}
		}
		names(t, seen, "filler")
		// The record of a hard lock only informs.
		if r := a.order(t, "try", "file", path); r.Err != "" {
			t.Errorf("a hard lock: %s", r.Err)
		}
		isFreeOrTorn(t, a, path)
	})
	t.Run("no inode for the file", func(t *testing.T) {
		a, dir, seen := inMount(t, "mode=0755,nr_inodes=2")
		write(t, filepath.Join(seen, "filler"), nil)
		path := filepath.Join(dir, "job.lock")
		spring(t, a, trap{inspect: "free", soft: "*fs.PathError ENOSPC", file: "*fs.PathError ENOSPC"}, seen, path)
	})
	t.Run("a dead lock is still broken", func(t *testing.T) {
		a, dir, seen := inMount(t, "mode=0755,size=64k")
		path := filepath.Join(dir, "job.lock")
		p := another(t, a, 0)
		hold(t, p, "soft", path)
		p.end(t)
		obeys(t, a, "fill", filepath.Join(dir, "filler"))
		if r := a.order(t, "break", path, "", ""); r.Err != "" {
			t.Errorf("break: %s", r.Err)
		}
		names(t, seen, "filler")
	})
}

func isFreeOrTorn(t *testing.T, a actor, path string) {
	t.Helper()
	if r := a.order(t, "inspect", path); r.Err != "" || r.State != "free" && r.Rule != reaper.RuleCreatorDied {
		t.Errorf("state %q, rule %q, error %q", r.State, r.Rule, r.Err)
	}
}

func names(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("in the directory: %q, want %q", got, want)
	}
}

func init() {
	sentinels["EROFS"], sentinels["ENOSPC"] = unix.EROFS, unix.ENOSPC
	deeds["remount-read-only"] = func(_ *scene, args []string) (answer, error) {
		if os.Getenv(actorVar) == "" {
			return answer{}, errNotHere
		}
		return answer{}, unix.Mount("", args[0], "", unix.MS_REMOUNT|unix.MS_RDONLY, "")
	}
	deeds["bind-read-only"] = func(_ *scene, args []string) (answer, error) {
		if os.Getenv(actorVar) == "" {
			return answer{}, errNotHere
		}
		if err := unix.Mount(args[0], args[1], "", unix.MS_BIND, ""); err != nil {
			return answer{}, err
		}
		return answer{}, unix.Mount("", args[1], "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
	}
	// fill PATH: writes until no byte more fits.
	deeds["fill"] = func(_ *scene, args []string) (answer, error) {
		f, err := os.Create(args[0])
		if err != nil {
			return answer{}, err
		}
		for size := 4096; err == nil || size > 1; {
			if err != nil {
				size /= 2
			}
			_, err = f.Write(make([]byte, size))
		}
		return answer{}, f.Close()
	}
}

// Who may write in a directory and not list it breaks a dead lock there.
func TestADeadLockInADirectoryThatCannotBeRead(t *testing.T) {
	nobody := unprivileged(t)
	dir := publicDir(t, 0o755)
	path := filepath.Join(dir, "job.lock")
	needSoft(t, path)
	must(t, os.Chmod(dir, 0o733))
	for _, do := range [][]string{{"break", path, "", ""}, {"try", "soft", path}} {
		write(t, path, encode(t, recordOf(ended(t))))
		if r := nobody.order(t, do[0], do[1:]...); r.Err != "" {
			t.Errorf("%s: %s", do[0], r.Err)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s: it is still there", do[0])
		}
	}
}
