package reaper_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/meta"
)

// The system calls that a scan makes for each file: the trace of another process
// that scans a directory of them.
func TestAScanMakesFewSystemCallsForEachFile(t *testing.T) {
	emulation.SkipQemu(t, "strace sees the emulator's system calls as well")
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("there is no strace to count with")
	}
	if out, err := exec.Command(strace, "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("strace cannot trace here: %v: %s", err, out)
	}
	live, dead := meta.Self(), ended(t)
	for _, c := range []struct {
		name  string
		write func(t *testing.T, path string)
		want  string
	}{
		{"data", func(t *testing.T, path string) { write(t, path, []byte("data")) }, "openat fstat pread close"},
		{"live", func(t *testing.T, path string) { write(t, path, encode(t, recordOf(live))) },
			"openat fstat pread flock(LOCK_SH) flock(LOCK_UN) close"},
		{"dead", func(t *testing.T, path string) { write(t, path, encode(t, onThisFile(t, path, recordOf(dead)))) },
			"openat fstat pread flock(LOCK_EX) fstatat flock(LOCK_UN) close"},
		{"elsewhere", func(t *testing.T, path string) {
			rec := recordOf(live)
			rec.MachineID = "another"
			write(t, path, encode(t, rec))
		}, "openat fstat pread flock(LOCK_EX) flock(LOCK_UN) close"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := quickDir(t)
			const files = 8 // one goroutine's
			for i := range files {
				c.write(t, filepath.Join(dir, fmt.Sprintf("%02d.lock", i)))
			}
			trace := filepath.Join(t.TempDir(), "trace")
			cmd := exec.Command(strace, "-f", "-o", trace, "-e", "trace=%file,%desc,%process", os.Args[0])
			cmd.Env = append(os.Environ(), actorVar+"=1")
			cmd.Stdin = strings.NewReader(fmt.Sprintf(`{"Do":"scan","Args":[%q,""]}`+"\n", dir))
			out, err := cmd.CombinedOutput()
			if err != nil || !bytes.Contains(out, []byte(`"Evidence":null`)) {
				t.Fatalf("%v\n%s", err, out)
			}
			b, err := os.ReadFile(trace)
			must(t, err)
			each := callsOfEach(string(b), ".lock")
			if len(each) != files {
				t.Fatalf("%d files in the trace, want %d:\n%s", len(each), files, b)
			}
			// The first look also asks about the filesystem and the owner, and the
			// runtime has calls of its own now and then: the usual case counts.
			usual := 0
			for _, calls := range each {
				if calls == c.want {
					usual++
				}
			}
			if usual < files*3/4 {
				t.Errorf("%d of %d files took %s; the others:\n%s", usual, files, c.want, strings.Join(each, "\n"))
			}
		})
	}
}

var (
	tracedCall = regexp.MustCompile(`^\d+ +(\w+)\((.*)$`)
	lockHow    = regexp.MustCompile(`LOCK_(SH|EX|UN)`)
	ofGo       = regexp.MustCompile(`^(epoll_|eventfd|mmap|poll|ppoll|pselect|clone|wait|exit|getdents|pidfd_open)`)
)

// callsOfEach are the system calls from the first that names a file with that
// suffix to its close, of each.
func callsOfEach(trace, suffix string) (each []string) {
	var calls []string
	for line := range strings.Lines(trace) {
		m := tracedCall.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil || ofGo.MatchString(m[1]) {
			continue
		}
		call, args := strings.TrimPrefix(strings.TrimSuffix(m[1], "64"), "new"), m[2] // 386 and others say it otherwise
		switch {
		case calls == nil && !strings.Contains(args, suffix+`"`):
			continue
		case call == "statx" || call == "fstatat": // whichever of the two is used
			call = map[bool]string{true: "fstat", false: "fstatat"}[strings.Contains(args, ` "",`)]
		case call == "flock":
			call += "(" + lockHow.FindString(args) + ")"
		}
		calls = append(calls, call)
		if call == "close" {
			each = append(each, strings.Join(calls, " "))
			calls = nil
		}
	}
	return each
}
