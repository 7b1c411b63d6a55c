package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/windows"
)

func init() {
	roles["line"] = func() { fmt.Println(windows.UTF16PtrToString(windows.GetCommandLine())) }
	roles["code"] = func() { // os.Exit takes an int, which may be too small
		n, err := strconv.ParseUint(os.Args[1], 0, 32)
		if err != nil {
			panic(err)
		}
		windows.ExitProcess(uint32(n))
	}
}

// watched is a handle of a process, to which another with its pid is no match.
func watched(t *testing.T, pid string) windows.Handle {
	t.Helper()
	n, err := strconv.ParseUint(pid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	h, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(n))
	if err != nil {
		t.Fatalf("process %s: %v", pid, err)
	}
	t.Cleanup(func() { _ = windows.CloseHandle(h) })
	return h
}

func wantDead(t *testing.T, what string, h windows.Handle) {
	t.Helper()
	if event, err := windows.WaitForSingleObject(h, uint32(patience.Milliseconds())); err != nil || event != windows.WAIT_OBJECT_0 {
		t.Errorf("%s outlives run (%#x, %v)", what, event, err)
	}
}

func TestCOMMANDAndAllThatItStartedDieWithRun(t *testing.T) {
	for _, flags := range [][]string{nil, {"--hard"}, {"--network"}, {"--lease", "10"}} {
		dir := t.TempDir()
		r := begin(t, command(dir, append(append([]string{"run"}, flags...), "x.lock", "do", "leave pid", "say $$", "forever")...))
		child := watched(t, r.line(t))
		b, err := os.ReadFile(filepath.Join(dir, "pid"))
		if err != nil {
			t.Fatal(err)
		}
		left := watched(t, string(b))
		filelock(t, dir, append(append([]string{"run", "-n"}, flags...), "x.lock", "true")...).wantCode(t, exitConflict)
		r.kill(t)
		wantDead(t, "COMMAND", child)
		wantDead(t, "what COMMAND started", left)
		if slices.Contains(flags, "--lease") || slices.Contains(flags, "--network") {
			wantText(t, "inspect", filelock(t, dir, "inspect", "x.lock").wantCode(t, exitStale).out, "dead")
		}
		filelock(t, dir, append(append([]string{"run", "-n"}, flags...), "x.lock", "true")...).wantCode(t, exitOK)
	}
}

// A run in a run is a job in a job.
func TestARunInARunDiesWithIt(t *testing.T) {
	dir := t.TempDir()
	r := begin(t, command(dir, "run", "x.lock", "filelock", "run", "y.lock", "do", "say $$", "read", "say more", "forever"))
	child := watched(t, r.line(t))
	if _, err := r.in.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
	r.wantLine(t, "more")
	r.kill(t)
	wantDead(t, "COMMAND", child)
	for _, name := range []string{"x.lock", "y.lock"} {
		filelock(t, dir, "run", "-w", "120", name, "true").wantCode(t, exitOK)
	}
}

func TestAll32BitsOfAnExitCodeArePassedOn(t *testing.T) {
	for _, code := range []uint32{256, 259, 0x7fffffff, 0x80000000, 0xc000013a, 0xffffffff} {
		dir := t.TempDir()
		r := filelock(t, dir, "run", "x.lock", "code", strconv.FormatUint(uint64(code), 10))
		if uint32(r.code) != code || r.err != "" {
			t.Errorf("exit code %#x, want %#x: %s", uint32(r.code), code, r.err)
		}
		wantGone(t, filepath.Join(dir, "x.lock"))
	}
}

func TestCOMMANDGetsItsArgumentsAsTheyWereWritten(t *testing.T) {
	for _, tt := range []struct{ before, tail string }{
		{`run x.lock `, `line a b`},
		{`run x.lock -- `, `line "a&b" "c d"  e`},
		{`run -q "x.lock"   `, `line /c "say ""hi"" & go" "C:\my dir\\"`},
		{`run --note "a \" b" x.lock `, `"line" PROPERTY="a b" a\\\"b ""`},
		{`run --note "a""b x.lock `, "line\ta"},
	} {
		cmd := exec.Command("filelock")
		cmd.Dir = t.TempDir()
		cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: "filelock " + tt.before + tt.tail}
		if r := finish(t, cmd).wantCode(t, exitOK); strings.TrimRight(r.out, "\r\n") != tt.tail {
			t.Errorf("%s%s: COMMAND's is %q", tt.before, tt.tail, r.out)
		}
	}
}

func TestAStringIsRunByCmdAsItIs(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ text, out string }{
		{`echo a b`, "a b"},
		{`echo "a b"`, `"a b"`},
		{`echo a&& echo b`, "a\nb"},
		{`do "say a  b" && do "say c"`, "a  b\nc"},
		{`if exist x.lock echo %FILELOCK_PATH%`, filepath.Join(dir, "x.lock")},
	} {
		r := filelock(t, dir, "run", "x.lock", "-c", tt.text).wantCode(t, exitOK)
		if got := strings.TrimSpace(strings.ReplaceAll(r.out, "\r\n", "\n")); got != tt.out {
			t.Errorf("-c %s prints %q, want %q", tt.text, got, tt.out)
		}
	}
	filelock(t, dir, "run", "-c", "exit 7", "x.lock").wantCode(t, 7)
}

func TestABatchFileIsACOMMAND(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "job.cmd"), []byte("@echo got %1\r\n@exit 5\r\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"job", "job.cmd", `.\job.cmd`} {
		if r := filelock(t, dir, "run", "x.lock", name, "a").wantCode(t, 5); strings.TrimSpace(r.out) != "got a" {
			t.Errorf("%s prints %q", name, r.out)
		}
	}
}

func TestALostLockEndsCOMMANDAndAllThatItStarted(t *testing.T) {
	program := filepath.Join(bin, "do.exe")
	for _, onLost := range []string{lostTerm, lostKill, lostIgnore} {
		dir := t.TempDir()
		pid, told := filepath.Join(dir, "pid"), filepath.Join(dir, "told")
		c, err := childPlan{program: program, argv: []string{"do", "leave " + pid, "pid " + told + ".up", "until " + told, "exit 4"}, env: os.Environ()}.start()
		if err != nil {
			t.Fatal(err)
		}
		waitFor(t, "it is up", func() bool {
			_, err := os.Stat(told + ".up")
			return err == nil
		})
		left := watched(t, string(read(t, pid)))
		lost := make(chan struct{})
		close(lost)
		var errs safeBuffer
		a := &app{errs: &errs}
		code := make(chan exitCode)
		go func() { code <- a.attend(c, lost, onLost, &signals{c: make(chan os.Signal)}) }()
		waitFor(t, "it is said", func() bool { return strings.Contains(errs.String(), "the lock was lost") })
		if onLost == lostIgnore {
			if err := os.WriteFile(told, nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if got := <-code; got != 4 {
				t.Errorf("exit code %d", got)
			}
			if err := os.WriteFile(pid+".go", nil, 0o644); err != nil {
				t.Fatal(err)
			}
			wantDead(t, "what was told to end", left)
			continue
		}
		if got := <-code; got != exitCode(killedCode) || errs.String() != "filelock: the lock was lost: COMMAND is killed\n" {
			t.Errorf("--on-lost %s: exit code %d, %q", onLost, got, errs.String())
		}
		wantDead(t, "what COMMAND started", left)
		if err := c.process.kill(); err != os.ErrProcessDone {
			t.Errorf("what has ended is killed: %v", err)
		}
	}
}

func TestAfterArgs(t *testing.T) {
	for _, line := range []string{
		`a b c`, `  a	"b c"  d `, `"a b\" c" d`, `a\\"b c" d`, `"a""b c" d" e f`, `"" x ""`, `a\ b \\" c`, `é "ü " x`, `a`, ``,
	} {
		all := argsOf(line)
		for n := range len(all) + 2 {
			if got, want := argsOf(afterArgs(line, n)), all[min(n, len(all)):]; !slices.Equal(got, want) {
				t.Errorf("%s: after %d arguments there are %q, want %q", line, n, got, want)
			}
		}
	}
}

// argsOf takes a command line apart, by the rules of package os.
func argsOf(line string) []string {
	cmd := exec.Command("argv")
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: "argv " + line}
	out, err := cmd.Output()
	if err != nil {
		panic(err)
	}
	var args []string
	for l := range strings.Lines(string(out)) {
		a, err := strconv.Unquote(strings.TrimSpace(l))
		if err != nil {
			panic(err)
		}
		args = append(args, a)
	}
	return args
}

func init() {
	roles["argv"] = func() {
		for _, a := range os.Args[1:] {
			fmt.Println(strconv.Quote(a))
		}
	}
}

func TestTerminals(t *testing.T) {
	null, err := os.Open("NUL")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = r.Close(), w.Close() }()
	if isTerminal(null) || isTerminal(r) {
		t.Error("NUL or a pipe is a terminal")
	}
	for name, is := range map[string]bool{
		`\msys-dd50a72ab4668b33-pty0-from-master`: true, `\cygwin-c5e39b7a9d22bafb-pty12-to-master`: true, `\msys-1888ae32e00d56aa-1234-pipe`: false, `\x\msys-1-pty0-to-master`: false, "": false,
	} {
		if isPTY(name) != is {
			t.Errorf("%s: %v", name, !is)
		}
	}
}

func TestExitCodesOfWindowsErrors(t *testing.T) {
	for code, errs := range map[exitCode][]error{
		exitNoDir:      {windows.ERROR_PATH_NOT_FOUND, windows.ERROR_FILE_NOT_FOUND, windows.ERROR_BAD_NETPATH, windows.ERROR_DIRECTORY, windows.ERROR_INVALID_DRIVE, windows.ERROR_NOT_READY},
		exitPermission: {windows.ERROR_ACCESS_DENIED, windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION, windows.ERROR_PRIVILEGE_NOT_HELD},
		exitNoCreate:   {windows.ERROR_WRITE_PROTECT, windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_FILENAME_EXCED_RANGE, windows.ERROR_INVALID_NAME},
		exitInternal:   {windows.ERROR_CRC, windows.ERROR_NOT_ENOUGH_MEMORY},
	} {
		for _, err := range errs {
			if got := exitCodeOf(&os.PathError{Op: "open", Path: "x", Err: err}); got != code {
				t.Errorf("%v is exit code %d, want %d", err, got, code)
			}
		}
	}
}

func TestADirectoryIsNoLock(t *testing.T) {
	dir := t.TempDir()
	r := filelock(t, dir, "run", "--hard", ".", "true").wantCode(t, exitNoCreate)
	wantText(t, "a directory", r.err, "filelock: lock "+dir, "hint: on Windows a lock is a file")
}
