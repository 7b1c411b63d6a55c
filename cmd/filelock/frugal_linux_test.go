package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
)

// traced runs the command, as it is built for use, under strace and returns
// its system calls in COMMAND's absence: from the moment that COMMAND is
// executed its own are left out.
func traced(t *testing.T, dir string, args ...string) (calls []string) {
	t.Helper()
	emulation.SkipQemu(t, "strace sees the emulator's system calls as well")
	strace, err := exec.LookPath("strace")
	if err == nil {
		err = exec.Command(strace, "-o", os.DevNull, "true").Run()
	}
	switch {
	case err != nil && mayNotSkip:
		t.Fatalf("strace: %v", err)
	case err != nil:
		t.Skipf("strace: %v", err)
	}
	trace := filepath.Join(t.TempDir(), "trace")
	flags := []string{"-f", "-o", trace, "-s", "200", "-e", "trace=%file,%process,%network,statfs", built(t)}
	cmd := exec.Command(strace, append(flags, args...)...)
	cmd.Dir = dir
	// So many threads as there are processors may look for work.
	cmd.Env = append(os.Environ(), "GOMAXPROCS=2")
	finish(t, cmd).wantCode(t, exitOK)
	b, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	own, other := "", map[string]bool{}
	for line := range strings.Lines(string(b)) {
		thread, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		if own == "" {
			own = thread
		}
		if other[thread] || strings.HasPrefix(call, "<... ") || strings.HasPrefix(call, "---") || strings.HasPrefix(call, "+++") {
			continue
		}
		other[thread] = thread != own && strings.HasPrefix(call, "execve(")
		calls = append(calls, call)
	}
	if len(calls) < 10 {
		t.Fatalf("this is too little to be true: %q", calls)
	}
	return calls
}

var (
	// opens is what run may open; all that has a path in /proc must be of these,
	// too.
	opens = regexp.MustCompile(`^(` + strings.Join([]string{
		// The Go runtime, and the C library where there is one.
		`/sys/(kernel/mm|fs/cgroup|devices/system/cpu)/.*`, `/proc/self/(cgroup|mountinfo|maps)`, `/etc/ld\.so\..*`, `(/usr)?/lib.*\.so(\.\d+)?`,
		// What was ignored at the start.
		`/proc/self/(exe|mem)`,
		// Who this process is.
		`/proc/self`, `/proc/self/(status|ns/pid|ns/time)`, `/proc/\d+/stat`, `/proc/sys/kernel/random/boot_id`, `/etc/machine-id`, `/var/lib/dbus/machine-id`, `/etc/passwd`,
		// The lock.
		`.*/x\.lock`,
	}, "|") + `)$`)
	quotedPath = regexp.MustCompile(`"([^"]*)"`)
)

func TestRunDoesNothingThatItDoesNotNeed(t *testing.T) {
	calls := traced(t, t.TempDir(), "run", "-n", "x.lock", "true")
	var executed []string
	var locks, children, threads int
	for _, call := range calls {
		name, args, _ := strings.Cut(call, "(")
		path := ""
		if m := quotedPath.FindStringSubmatch(args); m != nil {
			path = m[1]
		}
		switch name {
		case "open", "openat", "openat2":
			if strings.HasSuffix(path, "/x.lock") {
				locks++
			}
			if !opens.MatchString(path) {
				t.Errorf("run opens %s", call)
			}
		case "execve":
			executed = append(executed, filepath.Base(path))
		case "clone", "clone3", "fork", "vfork":
			if strings.Contains(call, "CLONE_THREAD") {
				threads++
			} else {
				children++
			}
		case "socket", "connect":
			t.Errorf("run asks somebody else: %s", call)
		default:
			if strings.HasPrefix(path, "/proc/") && !opens.MatchString(path) {
				t.Errorf("run looks at %s", call)
			}
		}
	}
	if len(executed) != 2 || executed[0] != "filelock" || executed[1] != "true" {
		t.Errorf("there are executed %q", executed)
	}
	if children != 1 || locks != 1 {
		t.Errorf("%d processes are started, and the lock file is opened %d times", children, locks)
	}
	// Those of the runtime and of package signal, one for each processor, and one
	// for each call that strace makes so slow that the runtime calls it blocked.
	if most := 14; threads > most {
		t.Errorf("%d threads are started, more than %d", threads, most)
	}
	if t.Failed() {
		t.Logf("all calls:\n%s", strings.Join(calls, "\n"))
	}
}
