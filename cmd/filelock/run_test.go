package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

func needUnix(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" || runtime.GOOS == "plan9" || runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("needs a POSIX shell")
	}
}

func TestRunPassesOnTheExitCodeAndReleases(t *testing.T) {
	for _, code := range []int{0, 1, 7, 75, 255} {
		dir := t.TempDir()
		r := filelock(t, dir, "run", "x.lock", "do", "full x.lock", "exit "+strconv.Itoa(code))
		r.wantCode(t, exitCode(code))
		if r.out != "" || r.err != "" {
			t.Errorf("it talks: %q %q", r.out, r.err)
		}
		wantGone(t, dir+"/x.lock")
	}
}

func TestASignalOfItsOwnThatEndsCOMMANDIsItsExitCode(t *testing.T) {
	needUnix(t)
	r := filelock(t, t.TempDir(), "run", "x.lock", "sh", "-c", "kill -9 $$")
	r.wantCode(t, exitSignal+9)
}

func TestRunTakesTheCommandLineOfFlock(t *testing.T) {
	const ok = "a b"
	for _, args := range [][]string{
		{"x", "echo", "a", "b"},
		{"x", "--", "echo", "a", "b"},
		{"--", "x", "echo", "a", "b"},
		{"x", "-c", "echo a b"},
		{"x", "--command", "echo a b"},
		{"x", "--command=echo a b"},
		{"-c", "echo a b", "x"},
		{"--command", "echo a b", "x"},
		{"-n", "x", "echo", "a", "b"},
		{"--nb", "x", "echo", "a", "b"},
		{"--nonblock", "x", "echo", "a", "b"},
		{"-nx", "x", "echo", "a", "b"},
		{"-x", "x", "echo", "a", "b"},
		{"-e", "x", "echo", "a", "b"},
		{"-en", "x", "echo", "a", "b"},
		{"--exclusive", "x", "echo", "a", "b"},
		{"-w", "1.5", "x", "echo", "a", "b"},
		{"-w1", "x", "echo", "a", "b"},
		{"--wait", "1s", "x", "echo", "a", "b"},
		{"--wait=.5", "x", "echo", "a", "b"},
		{"--timeout", "0", "x", "echo", "a", "b"},
		{"--timeout=2", "x", "echo", "a", "b"},
		{"-E", "9", "-o", "x", "echo", "a", "b"},
		{"--conflict-exit-code=9", "--close", "x", "echo", "a", "b"},
		{"-q", "x", "echo", "a", "b"},
		{"--quiet", "x", "echo", "a", "b"},
		{"-s", "-x", "x", "echo", "a", "b"}, // the last one counts, as with flock(1)
		{"--hard", "-x", "-s", "x", "echo", "a", "b"},
		{"--hard", "--shared", "x", "echo", "a", "b"},
		{"--on-lost", "kill", "--note", "n", "--label", "k=v", "--label", "l=", "x", "echo", "a", "b"},
		{"--lease", "10", "x", "echo", "a", "b"},
		{"--lease=1m", "--on-lost=ignore", "x", "echo", "a", "b"},
		{"--lease=0", "x", "echo", "a", "b"},
		{"--network", "x", "echo", "a", "b"},
		{"--network", "--lease=10s", "--fence", "x", "echo", "a", "b"},
		{"--hard", "--network", "x", "echo", "a", "b"}, // no matter to the operating system's lock
		{"./x", "do", "say a b"},
	} {
		r := filelock(t, t.TempDir(), append([]string{"run"}, args...)...).wantCode(t, exitOK)
		if strings.TrimSpace(r.out) != ok || r.err != "" {
			t.Errorf("%q prints %q, %q", args, r.out, r.err)
		}
	}
}

func TestFlagsAfterLOCKAreCOMMANDs(t *testing.T) {
	r := filelock(t, t.TempDir(), "run", "x", "echo", "-n", "-w", "--", "-c", "y").wantCode(t, exitOK)
	want := finish(t, command(t.TempDir(), "run", "--", "x", "--", "echo", "-n", "-w", "--", "-c", "y")).out
	if got := strings.TrimSpace(r.out); !strings.HasSuffix(got, "-w -- -c y") || r.out != want {
		t.Errorf("COMMAND printed %q", r.out)
	}
}

func TestRunUsesTheUsersShell(t *testing.T) {
	dir := t.TempDir()
	cmd := command(dir, "run", "-c", "echo x", "x")
	cmd.Env = append(os.Environ(), "SHELL="+filepath.Join(bin, "mysh"))
	if r := finish(t, cmd).wantCode(t, exitOK); r.out != "my shell: -c echo x\n" {
		t.Errorf("with $SHELL: %q", r.out)
	}
	cmd = command(dir, "run", "-c", "echo x", "x")
	cmd.Env = append(os.Environ(), "SHELL=")
	if r := finish(t, cmd).wantCode(t, exitOK); strings.TrimSpace(r.out) != "x" {
		t.Errorf("without $SHELL: %q", r.out)
	}
	cmd = command(dir, "run", "-c", "echo x", "x")
	cmd.Env = append(os.Environ(), "SHELL=/no/such/sh")
	wantText(t, "a wrong $SHELL", finish(t, cmd).wantCode(t, exitNoCommand).err, "/no/such/sh", "hint: there is no such program as $SHELL names")
}

func TestACommandThatCannotBeExecutedExits69BeforeTheLockIsTouched(t *testing.T) {
	dir := t.TempDir()
	bad := map[string]string{"plain": "x", "badinterp": "#!/nonexistent/sh\n"}
	if runtime.GOOS == "windows" {
		bad = map[string]string{"plain": "x", "bad.exe": "not a program\n", "plain.txt": "x"}
	}
	commands := []string{"no-such-program", "./no-such-file", ".", ""}
	for name, text := range bad {
		commands = append(commands, "./"+name)
		mode := os.FileMode(0o755)
		if strings.HasPrefix(name, "plain") {
			mode = 0o644
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range commands {
		r := filelock(t, dir, "run", "x.lock", c).wantCode(t, exitNoCommand)
		wantText(t, c, r.err, "filelock: execute ", "hint: ")
		wantGone(t, dir+"/x.lock")
	}
	// It is found before the lock is even tried.
	holding(t, dir, "held.lock")
	filelock(t, dir, "run", "held.lock", "no-such-program").wantCode(t, exitNoCommand)
	filelock(t, dir, "run", "no/such/directory/x", "no-such-program").wantCode(t, exitNoCommand)
}

func TestAScriptWithoutAFirstLineIsGivenToSh(t *testing.T) {
	needUnix(t)
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/script", []byte("echo script \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if r := filelock(t, dir, "run", "x.lock", "./script", "a").wantCode(t, exitOK); r.out != "script a\n" {
		t.Errorf("%q", r.out)
	}
}

func TestTheRecordNamesCOMMANDWithoutItsArguments(t *testing.T) {
	r := filelock(t, t.TempDir(), "run", "--note", "nightly", "--label", "job=7", "--label", "a=b=c", "x.lock", filepath.Join(bin, "do"), "cat x.lock", "also secret").wantCode(t, exitOK)
	rec := meta.Parse([]byte(r.out)).Record
	if rec == nil {
		t.Fatalf("not a record: %s", r.out)
	}
	if rec.Program != "do" || rec.Note != "nightly" || rec.Labels["job"] != "7" || rec.Labels["a"] != "b=c" {
		t.Errorf("%+v", rec)
	}
	if strings.Contains(r.out, "secret") {
		t.Error("the arguments are in the record")
	}
}

func TestCOMMANDFindsTheLockInItsEnvironment(t *testing.T) {
	dir := t.TempDir()
	env := func(set []string, args ...string) (names string, values map[string]string, rest string) {
		t.Helper()
		cmd := command(dir, append(append([]string{"run"}, args...), "x.lock", "do", "env", "say record", "cat x.lock")...)
		cmd.Env = append(os.Environ(), set...)
		vars, rest, _ := strings.Cut(finish(t, cmd).wantCode(t, exitOK).out, "record\n")
		values = map[string]string{}
		for l := range strings.Lines(vars) {
			k, v, _ := strings.Cut(strings.TrimSuffix(l, "\n"), "=")
			names += k + " "
			values[k] = v
		}
		return names, values, rest
	}
	const fd = "FILELOCK_FD "
	descriptor := fd
	if runtime.GOOS == "windows" {
		descriptor = "" // there is none that could be inherited
	}
	names, values, rest := env([]string{"FILELOCK_FENCE=1", "FILELOCK_TOKEN=outer", "FILELOCK_FD=3", "FILELOCK_PATH=/outer"})
	if names != descriptor+"FILELOCK_PATH FILELOCK_TOKEN " {
		t.Fatalf("%q", names)
	}
	rec := meta.Parse([]byte(rest)).Record
	if rec == nil {
		t.Fatalf("not a record: %q", rest)
	}
	if fd, err := strconv.Atoi(values["FILELOCK_FD"]); descriptor != "" && (err != nil || fd < 10) {
		t.Errorf("%q: not 10 or above", values["FILELOCK_FD"])
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	if p := values["FILELOCK_PATH"]; p != filepath.Join(dir, "x.lock") && p != filepath.Join(real, "x.lock") {
		t.Errorf("%q", p)
	}
	if values["FILELOCK_TOKEN"] != rec.Token {
		t.Errorf("%q, but the record's token is %q", values["FILELOCK_TOKEN"], rec.Token)
	}
	// With -o there is no descriptor, with -s no token.
	if names, _, _ := env([]string{"FILELOCK_FD=3"}, "-o"); names != "FILELOCK_PATH FILELOCK_TOKEN " {
		t.Errorf("with -o: %q", names)
	}
	if names, _, _ := env([]string{"FILELOCK_TOKEN=outer"}, "--hard", "-s"); names != descriptor+"FILELOCK_PATH " {
		t.Errorf("with -s: %q", names)
	}
}

func TestContentionIsOneLineWithHolderTimeAndVerdict(t *testing.T) {
	dir := t.TempDir()
	h := holding(t, dir, "x.lock")
	for _, flags := range [][]string{{"-n"}, {"-w", "0"}, {"-w", ".05"}} {
		r := filelock(t, dir, append(append([]string{"run"}, flags...), "x.lock", "echo", "ran")...).wantCode(t, exitConflict)
		if r.out != "" || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%v: %q, %q", flags, r.out, r.err)
		}
		wantText(t, "stderr", r.err, "x.lock is held by pid "+strconv.Itoa(h.Process.Pid)+" (do)", "since 2", "alive (kernel-lock-held)")
		if strings.Contains(r.err, "your own") {
			t.Errorf("a stranger's lock is said to be its own: %s", r.err)
		}
	}
	for _, tt := range []struct {
		flags []string
		code  exitCode
		lines int
	}{
		{[]string{"-n", "-q"}, 1, 0},
		{[]string{"-n", "--quiet", "-E", "5"}, 5, 0},
		{[]string{"-n", "-E", "99"}, 99, 1},
		{[]string{"-n", "-E", "0"}, 0, 0},
		{[]string{"-w", ".01", "--conflict-exit-code", "255"}, 255, 1},
		{[]string{"-n", "--hard"}, 1, 1},
	} {
		r := filelock(t, dir, append(append([]string{"run"}, tt.flags...), "x.lock", "echo", "ran")...).wantCode(t, tt.code)
		if r.out != "" || strings.Count(r.err, "\n") != tt.lines {
			t.Errorf("%v: %q, %q; want %d lines", tt.flags, r.out, r.err, tt.lines)
		}
	}
	h.letGo(t).wantCode(t, exitOK)
	wantGone(t, dir+"/x.lock")
}

func TestContentionWithAnOuterRunIsSaidNotRefused(t *testing.T) {
	dir := t.TempDir()
	r := filelock(t, dir, "run", "x.lock", "filelock", "run", "-n", "x.lock", "true").wantCode(t, exitConflict)
	wantText(t, "stderr", r.err, "your own", "FILELOCK_TOKEN")
	filelock(t, dir, "run", "x.lock", "filelock", "run", "-n", "y.lock", "true").wantCode(t, exitOK)
}

func TestRunWaitsInSilenceAndThenRuns(t *testing.T) {
	dir := t.TempDir()
	h := holding(t, dir, "x.lock")
	quiet := begin(t, command(dir, "run", "-w", "60", "x.lock", "echo", "ran"))
	loud := begin(t, command(dir, "run", "--verbose", "x.lock", "echo", "ran"))
	waitFor(t, "--verbose says that it waits", func() bool { return strings.Contains(loud.errs.String(), "waiting") })
	h.letGo(t).wantCode(t, exitOK)
	quiet.wantLine(t, "ran")
	loud.wantLine(t, "ran")
	if r := quiet.end(t).wantCode(t, exitOK); r.err != "" {
		t.Errorf("it talks while it waits: %q", r.err)
	}
	r := loud.end(t).wantCode(t, exitOK)
	wantText(t, "--verbose", r.err, "filelock: waiting: ", "pid "+strconv.Itoa(h.Process.Pid), "filelock: acquired: ")
}

func TestVerboseSaysWhatItBrokeAndWhy(t *testing.T) {
	dir := t.TempDir()
	killedOwner(t, dir, "x.lock")
	r := filelock(t, dir, "run", "--verbose", "-n", "x.lock", "true").wantCode(t, exitOK)
	wantText(t, "--verbose", r.err, "broke the lock of a dead owner", reaper.RuleKernelLockFree, "nobody holds that kernel lock")
	killedOwner(t, dir, "x.lock")
	if r := filelock(t, dir, "run", "-n", "x.lock", "true").wantCode(t, exitOK); r.err != "" {
		t.Errorf("without --verbose: %q", r.err)
	}
}

// killedOwner leaves the lock of an owner that was killed.
func killedOwner(t *testing.T, dir, name string) {
	t.Helper()
	killOwner(t, dir, name)
	if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

// killOwner makes an owner and kills it.
func killOwner(t *testing.T, dir, name string) {
	t.Helper()
	h := begin(t, command(dir, "run", "-o", name, "do", "say held", "forever"))
	h.wantLine(t, "held")
	h.kill(t)
}

func TestHardLocksExcludeFlockAndShareWithEachOther(t *testing.T) {
	dir := t.TempDir()
	h := holding(t, dir, "--hard", "-s", "x.lock")
	filelock(t, dir, "run", "--hard", "-s", "-n", "x.lock", "true").wantCode(t, exitOK)
	filelock(t, dir, "run", "--hard", "-n", "x.lock", "true").wantCode(t, exitConflict)
	h.letGo(t).wantCode(t, exitOK)
	filelock(t, dir, "run", "--hard", "-n", "x.lock", "true").wantCode(t, exitOK)
	if _, err := os.Stat(dir + "/x.lock"); err != nil {
		t.Errorf("a hard lock's file stays: %v", err)
	}
}

func TestErrorsOfThePlaceHaveTheirExitCodes(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("x", 241)
	data := dir + "/data"
	if err := os.WriteFile(data, []byte("my data\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	newer := dir + "/newer"
	if err := os.WriteFile(newer, []byte(`{"format":"filelock/2"}`+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path string
		code exitCode
		says string
	}{
		{"missing/x.lock", exitNoDir, "hint: make the directory first"},
		{"data/x.lock", exitNoDir, filepath.Join("data", "x.lock")},
		{long, exitNoCreate, "240 bytes"},
		{"", exitUsage, "empty"},
		{".x.1.guard", exitUsage, "side file"},
		{"data", exitNoCreate, "hint: choose a path of its own"},
		{"newer", exitNoCreate, "newer"},
		{".", exitNoCreate, "not a regular file"},
		{".", exitNoCreate, "hint: a soft lock is a file: choose a path such as " + shell(filepath.Join(dir, "job.lock")) + orDirectory},
	} {
		r := filelock(t, dir, "run", "-n", tt.path, "echo", "ran").wantCode(t, tt.code)
		wantText(t, tt.path, r.err, "filelock: ", tt.says)
		if r.out != "" {
			t.Errorf("%q: COMMAND ran", tt.path)
		}
	}
	if b, err := os.ReadFile(data); string(b) != "my data\n" {
		t.Errorf("the data are %q, %v", b, err)
	}
}

func TestALostLockExits75UnlessIgnored(t *testing.T) {
	dir := t.TempDir()
	r := filelock(t, dir, "run", "x.lock", "do", "mv x.lock").wantCode(t, exitLost)
	wantText(t, "stderr", r.err, "lock was lost", "x.lock")
	filelock(t, dir, "run", "x.lock", "do", "mv x.lock", "exit 3").wantCode(t, exitLost)
	r = filelock(t, dir, "run", "--on-lost", "ignore", "x.lock", "do", "mv x.lock", "exit 3").wantCode(t, 3)
	wantText(t, "stderr", r.err, "lock was lost")
	filelock(t, dir, "run", "--on-lost=ignore", "x.lock", "do", "mv x.lock").wantCode(t, exitOK)
}

func TestALockThatIsRemovedIsLost(t *testing.T) {
	emulation.SkipWine(t, "it keeps the name of a removed file that is open")
	dir := t.TempDir()
	r := filelock(t, dir, "run", "x.lock", "do", "rm x.lock").wantCode(t, exitLost)
	wantText(t, "stderr", r.err, "lock was lost", "x.lock")
}

func TestASoftLockEndsWithCOMMANDAndAHardOneWithItsDescriptor(t *testing.T) {
	dir := t.TempDir()
	leaves := []string{"do", "leave pid"}
	end := func() {
		t.Helper()
		if err := os.WriteFile(dir+"/pid.go", nil, 0o644); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "what was left goes on", func() bool {
			_, err := os.Stat(dir + "/pid.done")
			return err == nil
		})
		for _, name := range []string{"pid", "pid.go", "pid.done"} {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	filelock(t, dir, append([]string{"run", "x.lock"}, leaves...)...).wantCode(t, exitOK)
	wantGone(t, dir+"/x.lock")
	filelock(t, dir, "run", "-n", "x.lock", "true").wantCode(t, exitOK)
	end()
	if runtime.GOOS == "windows" {
		return // there is no descriptor for them
	}
	filelock(t, dir, append([]string{"run", "--hard", "h.lock"}, leaves...)...).wantCode(t, exitOK)
	filelock(t, dir, "run", "--hard", "-n", "h.lock", "true").wantCode(t, exitConflict)
	end()
	filelock(t, dir, "run", "--hard", "-w", "120", "h.lock", "true").wantCode(t, exitOK)
	filelock(t, dir, append([]string{"run", "-o", "--hard", "h.lock"}, leaves...)...).wantCode(t, exitOK)
	filelock(t, dir, "run", "--hard", "-n", "h.lock", "true").wantCode(t, exitOK)
	end()
}

func TestRunNeverWritesToStdout(t *testing.T) {
	dir := t.TempDir()
	holding(t, dir, "x.lock")
	for _, args := range [][]string{{"-n", "--verbose", "x.lock", "true"}, {"--verbose", "y.lock", "true"}, {"no/dir/x", "true"}} {
		if r := filelock(t, dir, append([]string{"run"}, args...)...); r.out != "" || r.err == "" {
			t.Errorf("%v: stdout %q, stderr %q", args, r.out, r.err)
		}
	}
}

// record reads the lock file's record as JSON.
func record(t *testing.T, path string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]any{}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}
