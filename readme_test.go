//go:build linux

package filelock_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The README's transcripts are run and compared with what they show, but for
// what differs from run to run. FILELOCK_UPDATE_README=1 writes what was seen
// into the README instead.

var console = regexp.MustCompile("(?s)```console\n(.*?)```")

func TestREADMETranscriptsAreWhatTheProgramSays(t *testing.T) {
	for _, tool := range []string{"bash", "flock"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	bin := filepath.Dir(buildCommand(t))
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	update := os.Getenv("FILELOCK_UPDATE_README") != ""
	blocks := console.FindAllSubmatch(readme, -1)
	if len(blocks) < 8 {
		t.Fatalf("%d transcripts found", len(blocks))
	}
	for _, b := range blocks {
		want := string(b[1])
		got := transcript(t, bin, want)
		if update {
			readme = bytes.Replace(readme, b[0], []byte("```console\n"+nice(got)+"```"), 1)
			continue
		}
		if got := nice(got); alike(got) != alike(want) {
			t.Errorf("README shows\n%s\nbut this happens:\n%s\ncompared as\n%s\nand\n%s", want, got, alike(want), alike(got))
		}
	}
	if update {
		if err := os.WriteFile("README.md", readme, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// settled LOCK returns when LOCK is held and the sleep that the last command in
// the background starts is running: the next line may count on both. That the
// lock is held is too little. It is so before sleep is started, and until sleep
// is executed the process it will be has a copy of every descriptor of its
// parent, with -o too: if the parent is killed then, the lock outlives it.
// /proc, because it costs no process.
const shellFunctions = `
rc() { return $1; }
sleeps() {
	local stat name ppid
	for stat in /proc/[0-9]*/stat; do
		{ read -r _ name _ ppid _ <"$stat"; } 2>/dev/null || continue
		[ "$name $ppid" = "(sleep) $1" ] && return
	done
	return 1
}
settled() {
	until sleeps $! && { filelock inspect "$1" >/dev/null 2>&1; [ $? = 10 ]; }; do
		[ $SECONDS -lt 120 ] || { echo "$1 is never held by a sleep that runs"; exit; }
	done
}
last=0
`

// transcript runs the commands of a block, each behind "$ ", in one shell, and
// returns them with what they printed.
func transcript(t *testing.T, bin, block string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "demo")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	script.WriteString(shellFunctions)
	for line := range strings.Lines(block) {
		cmd, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "$ ")
		if !ok {
			continue
		}
		fmt.Fprintf(&script, "printf '%%s\\n' %s\nrc $last\n", quote("$ "+cmd))
		if bg, ok := strings.CutSuffix(cmd, "&"); ok {
			lock := regexp.MustCompile(`\S+\.lock`).FindString(cmd)
			if lock == "" || !strings.Contains(cmd, " sleep ") {
				t.Fatalf("what runs in the background is not sleep under a lock: %s", cmd)
			}
			fmt.Fprintf(&script, "%s >/dev/null 2>&1 &\nsettled %s\nlast=0\n", bg, lock)
			continue
		}
		fmt.Fprintf(&script, "%s\nlast=$?\n", cmd)
	}
	cmd := exec.Command("bash", "-c", script.String())
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "LC_ALL=C")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	// What the shell leaves in the background is in its process group.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Minute
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }()
	if err := cmd.Wait(); err != nil {
		if _, ok := err.(*exec.ExitError); !ok {
			t.Fatal(err)
		}
	}
	return strings.ReplaceAll(out.String(), dir, "/tmp/demo")
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

var varying = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "TOKEN"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`), "TIME"},
	{regexp.MustCompile(`\((\d+[hms.]*)+\)`), "(AGE)"},
	{regexp.MustCompile(`\b\d+(\.\d+)?(µs|ms|s)\b`), "AGE"},
	{regexp.MustCompile(`\b(go1|v\d)[-\w.+]*`), "VERSION"},
	{regexp.MustCompile(`inode \d+ on \w+`), "inode N on FS"},
	{regexp.MustCompile(`\b(pid|kill|process) \d+( \d+)*`), "$1 N"},
	{regexp.MustCompile(`\d{2,}`), "N"},
	{regexp.MustCompile(` {2,}`), "  "},
}

// alike leaves of a transcript what is the same in every run.
func alike(s string) string {
	for _, v := range varying {
		s = v.re.ReplaceAllString(s, v.with)
	}
	return s
}

// nice is what the README shows of a transcript: host and user are anybody's.
func nice(s string) string {
	if h, err := os.Hostname(); err == nil && h != "" {
		s = regexp.MustCompile(`( on )`+regexp.QuoteMeta(h)+`\b`).ReplaceAllString(s, "${1}myhost")
	}
	if u, err := user.Current(); err == nil {
		s = regexp.MustCompile(`(\) of )`+regexp.QuoteMeta(u.Username)+`\b`).ReplaceAllString(s, "${1}alice")
	}
	return s
}
