package filelock_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/reaper"
)

func init() {
	// probe DIR: asks in every way there is about the owners of the locks in DIR.
	roles["probe"] = func(args []string) error {
		var errs []error
		for _, name := range []string{"held", "granted", "ended"} {
			st, err := reaper.Inspect(bg, filepath.Join(args[0], name))
			_, herr := reaper.Holders(bg, st)
			errs = append(errs, err, herr)
		}
		for _, name := range []string{"held", "granted"} {
			if err := lock.NewSoft(filepath.Join(args[0], name)).TryLock(); !errors.Is(err, lock.ErrHeld) {
				errs = append(errs, errors.New(name+" was not held"))
			}
			if _, err := reaper.Break(bg, filepath.Join(args[0], name), reaper.Options{}); !errors.Is(err, reaper.ErrRefused) {
				errs = append(errs, errors.New(name+" was not refused"))
			}
		}
		for out := range reaper.Reap(bg, args[0], reaper.Options{}) {
			errs = append(errs, out.Err)
		}
		return errors.Join(errs...)
	}
	// grant PATH: takes the lock for this process, as a shell script does.
	roles["grant"] = func(args []string) error {
		_, err := lock.Grant(bg, args[0], os.Getpid())
		return err
	}
}

// What the kernel is asked about owners, live and dead, is asked without a
// signal. (The Go runtime interrupts its own threads with SIGURG.)
func TestNoSignalIsSentToProbeAProcess(t *testing.T) {
	needsSoft(t)
	strace := canTrace(t)
	dir := t.TempDir()
	start(t, "hold", filepath.Join(dir, "held"))
	_, err := lock.Grant(bg, filepath.Join(dir, "granted"), os.Getpid())
	must(t, err)
	grants := exec.Command(os.Args[0], filepath.Join(dir, "ended"))
	grants.Env = append(os.Environ(), roleVar+"=grant")
	must(t, grants.Run())

	trace := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command(strace, "-f", "-o", trace, "-e", "trace=kill,tkill,tgkill,rt_sigqueueinfo,rt_tgsigqueueinfo,pidfd_send_signal,pidfd_open,getpgid", os.Args[0], dir)
	cmd.Env = append(os.Environ(), roleVar+"=probe")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b, err := os.ReadFile(trace)
	must(t, err)
	if !strings.Contains(string(b), "pidfd_open(") && !strings.Contains(string(b), "getpgid(") {
		t.Fatalf("no process was asked about:\n%s", b)
	}
	for line := range strings.Lines(string(b)) {
		sends := strings.Contains(line, "kill(") || strings.Contains(line, "rt_sig") || strings.Contains(line, "send_signal(")
		if sends && !strings.Contains(line, "SIGURG") {
			t.Errorf("a signal was sent: %s", line)
		}
	}
}

// canTrace is the path of strace, where it works.
func canTrace(t *testing.T) string {
	t.Helper()
	emulation.SkipQemu(t, "strace sees the emulator's system calls as well")
	strace, err := exec.LookPath("strace")
	if err != nil {
		skip(t, "there is no strace to look with")
	}
	if out, err := exec.Command(strace, "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		skip(t, "strace cannot trace here: %v: %s", err, out)
	}
	return strace
}
