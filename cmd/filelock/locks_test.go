package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

func farRecord() meta.Record {
	return meta.Record{
		Format: meta.Format, Kind: meta.KindSoft, Token: "0d7e1ed6-2b0b-4c5c-8f3e-5c2a4e0b1a52", PID: 4711, Hostname: "far",
		BootID: "6c0fd7cf-8ad5-4b5b-9a3e-6b6e4d8e2c11", MachineID: "00000000000000000000000000000001", Start: "1", PIDNamespace: "1", Program: "backup", User: "bob",
	}
}

// elsewhere writes the record of an owner on another host, which nobody here
// can judge.
func elsewhere(t *testing.T, path string, change func(*meta.Record)) meta.Record {
	t.Helper()
	r := farRecord()
	if change != nil {
		change(&r)
	}
	b, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestInspectAnswersTheFourQuestionsAndTellsTheStateByItsExitCode(t *testing.T) {
	dir := t.TempDir()
	r := filelock(t, dir, "inspect", "free.lock").wantCode(t, exitOK)
	wantText(t, "free", r.out, filepath.Join(dir, "free.lock")+": free")

	h := holding(t, dir, "--note", "nightly", "held.lock")
	r = filelock(t, dir, "inspect", "held.lock").wantCode(t, exitHeld)
	wantText(t, "held", r.out, filepath.Join(dir, "held.lock")+": held", "owner     pid "+strconv.Itoa(h.Process.Pid)+" (filelock"+exe+", running do)", "since 2", "nightly",
		"alive     yes", "because   kernel-lock-held: ", "next      filelock wait "+quoted(dir, "held.lock"))

	killedOwner(t, dir, "stale.lock")
	r = filelock(t, dir, "inspect", "stale.lock").wantCode(t, exitStale)
	wantText(t, "stale", r.out, "stale", "(do)", "alive     no, dead", "because   kernel-lock-free: ", "next      filelock break "+quoted(dir, "stale.lock"))

	rec := elsewhere(t, dir+"/far.lock", nil)
	r = filelock(t, dir, "inspect", "far.lock").wantCode(t, exitUnknown)
	wantText(t, "unknown", r.out, "unknown", "pid 4711 (backup) of bob on far", "cannot be told", "because   unproven: ", "missing ",
		"next      filelock break --token "+rec.Token+" "+quoted(dir, "far.lock"), "only when you know")

	// The worst of several; an error beats any state.
	filelock(t, dir, "inspect", "free.lock", "held.lock").wantCode(t, exitHeld)
	filelock(t, dir, "inspect", "far.lock", "stale.lock", "held.lock").wantCode(t, exitUnknown)
	r = filelock(t, dir, "inspect", "missing/x", "far.lock").wantCode(t, exitNoDir)
	wantText(t, "stdout", r.out, "far.lock: unknown")
	wantText(t, "stderr", r.err, "filelock: inspect ", filepath.Join("missing", "x"), "no directory", "hint: ")
	for _, left := range []string{"held.lock", "stale.lock", "far.lock"} {
		if _, err := os.Stat(filepath.Join(dir, left)); err != nil {
			t.Errorf("inspect changed something: %v", err)
		}
	}
}

func TestInspectWaitsForTheStateToBecomeFreeOrStale(t *testing.T) {
	dir := t.TempDir()
	h := holding(t, dir, "x.lock")
	filelock(t, dir, "inspect", "-w", ".01", "x.lock").wantCode(t, exitHeld)
	r := begin(t, command(dir, "inspect", "-w", "60", "x.lock"))
	h.letGo(t)
	if l := r.line(t); !strings.HasSuffix(l, "x.lock: free") {
		t.Errorf("%q", l)
	}
	r.end(t).wantCode(t, exitOK)
}

func TestInspectNamesTheHolderOfAnotherProgramsLock(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the system does not show it")
	}
	if _, err := exec.LookPath("flock"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	cmd := exec.Command("flock", "-o", "x", "sh", "-c", "echo held; read x")
	cmd.Dir = dir
	h := begin(t, cmd)
	h.wantLine(t, "held")
	pid := strconv.Itoa(h.Process.Pid)
	r := filelock(t, dir, "inspect", "x").wantCode(t, exitHeld)
	wantText(t, "inspect", r.out, "held", "pid "+pid, "flock", "kernel-lock-held")
	// flock(1) and run --hard exclude each other, and the message names it.
	r = filelock(t, dir, "run", "--hard", "-n", "x", "true").wantCode(t, exitConflict)
	wantText(t, "contention", r.err, "x is held by pid "+pid, "flock", "alive")
	// break never removes it, and names it too.
	r = filelock(t, dir, "break", "--force", "x").wantCode(t, exitHeld)
	wantText(t, "break", r.err, "hint: its kernel lock is held by pid "+pid, "flock")
	if _, err := os.Stat(dir + "/x"); err != nil {
		t.Error(err)
	}
}

func TestBreakRemovesWhatIsDeadAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	killedOwner(t, dir, "x.lock")
	r := filelock(t, dir, "break", "x.lock").wantCode(t, exitOK)
	wantText(t, "stdout", r.out, "x.lock: broken", "dead (kernel-lock-free)")
	wantGone(t, dir+"/x.lock")
	wantText(t, "nothing there", filelock(t, dir, "break", "x.lock").wantCode(t, exitOK).out, "no lock")

	h := holding(t, dir, "x.lock")
	token := record(t, dir+"/x.lock")["token"].(string)
	for _, flags := range [][]string{nil, {"--force"}, {"--token", token}} {
		r = filelock(t, dir, append(append([]string{"break"}, flags...), "x.lock")...).wantCode(t, exitHeld)
		wantText(t, "stderr", r.err, "filelock: break ", "hint: ")
	}
	h.letGo(t).wantCode(t, exitOK)

	rec := elsewhere(t, dir+"/far.lock", nil)
	r = filelock(t, dir, "break", "far.lock").wantCode(t, exitUnknown)
	wantText(t, "stderr", r.err, "hint: when you know that its owner is gone: filelock break --token "+rec.Token)
	filelock(t, dir, "break", "--token", "11111111-1111-4111-8111-111111111111", "far.lock").wantCode(t, exitLost)
	filelock(t, dir, "break", "--token", rec.Token, "far.lock").wantCode(t, exitOK)
	wantGone(t, dir+"/far.lock")
	filelock(t, dir, "break", "--token", rec.Token, "far.lock").wantCode(t, exitLost)

	if err := os.WriteFile(dir+"/noise", []byte("{\"format\":\"filelock/1\"} noise"), 0o644); err != nil {
		t.Fatal(err)
	}
	filelock(t, dir, "break", "noise").wantCode(t, exitUnknown)
	filelock(t, dir, "break", "--force", "noise").wantCode(t, exitOK)
	wantGone(t, dir+"/noise")
	filelock(t, dir, "break", "no/such/dir/x").wantCode(t, exitNoDir)
}

func TestForceRemovesWhateverIsThereAndSaysWhoseItWas(t *testing.T) {
	dir := t.TempDir()
	for text, says := range map[string]string{"": "broken", "x": "broken", meta.Prefix: "broken", meta.Prefix + `1"} {`: "broken", "4711\n": "was of pid 4711 "} {
		if err := os.WriteFile(dir+"/x.lock", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		r := filelock(t, dir, "break", "--force", "x.lock").wantCode(t, exitOK)
		wantText(t, "stdout", r.out, "x.lock: broken", says)
		wantGone(t, dir+"/x.lock")
	}
	elsewhere(t, dir+"/far.lock", nil)
	r := filelock(t, dir, "break", "--force", "far.lock").wantCode(t, exitOK)
	wantText(t, "stdout", r.out, "was of pid 4711 (backup) of bob on far")
}

func TestListShowsEveryLockInOneLine(t *testing.T) {
	dir := t.TempDir()
	sub := dir + "/sub/deeper"
	if err := os.MkdirAll(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	h := holding(t, dir, "held.lock")
	killedOwner(t, sub, "any-name")
	elsewhere(t, dir+"/far.lock", nil)
	for name, text := range map[string]string{"data": "data", "empty": "", "old.pid": "4711\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(dir+"/far.lock", dir+"/link"); err != nil && runtime.GOOS != "windows" { // there few users may
		t.Fatal(err)
	}
	r := filelock(t, dir, "list", ".").wantCode(t, exitOK)
	if n := strings.Count(r.out, "\n"); n != 3 {
		t.Errorf("%d lines, want 3:\n%s", n, r.out)
	}
	for _, want := range [][]string{
		{"held ", "kernel-lock-held", "pid " + strconv.Itoa(h.Process.Pid) + " (do)", filepath.Join(dir, "held.lock")},
		{"stale ", "kernel-lock-free", "(do)", filepath.Join(sub, "any-name")},
		{"unknown ", "unproven", "pid 4711 (backup) of bob on far", filepath.Join(dir, "far.lock")},
	} {
		found := false
		for l := range strings.Lines(r.out) {
			if strings.HasSuffix(strings.TrimSpace(l), want[len(want)-1]) {
				found = true
				wantText(t, "line", l, want...)
			}
		}
		if !found {
			t.Errorf("not listed: %v\n%s", want, r.out)
		}
	}
	const sep = string(filepath.Separator)
	all := filelock(t, dir, "list", "--all", ".").wantCode(t, exitOK)
	wantText(t, "--all", all.out, "old.pid")
	if strings.Contains(r.out, "old.pid") || strings.Contains(all.out, sep+"data") || strings.Contains(all.out, sep+"empty") {
		t.Errorf("too much is listed:\n%s", all.out)
	}
	r = filelock(t, dir, "list", "missing").wantCode(t, exitNoDir)
	wantText(t, "stderr", r.err, "filelock: ", "missing")
	r = filelock(t, dir, "list", "data").wantCode(t, exitNoDir)
	wantText(t, "a file", r.err, filepath.Join(dir, "data"), "hint: filelock inspect "+quoted(dir, "data"))
	filelock(t, dir, "list", "--cross", "--patience", "5", ".", "sub").wantCode(t, exitOK)
}

func TestReapBreaksTheDeadAndKeepsTheRest(t *testing.T) {
	dir := t.TempDir()
	holding(t, dir, "held.lock")
	killedOwner(t, dir, "stale.lock")
	elsewhere(t, dir+"/far.lock", nil)
	r := filelock(t, dir, "reap", "--dry-run", ".").wantCode(t, exitOK)
	wantText(t, "dry run", r.out, "would-break", "stale.lock", "kept", "held.lock", "far.lock")
	if _, err := os.Stat(dir + "/stale.lock"); err != nil {
		t.Fatalf("a dry run removed it: %v", err)
	}
	r = filelock(t, dir, "reap", dir).wantCode(t, exitOK)
	wantText(t, "reap", r.out, "broken ", "stale.lock", "kept")
	wantGone(t, dir+"/stale.lock")
	for _, left := range []string{"held.lock", "far.lock"} {
		if _, err := os.Stat(filepath.Join(dir, left)); err != nil {
			t.Error(err)
		}
	}
	killedOwner(t, dir, "one.lock")
	wantText(t, "one lock", filelock(t, dir, "reap", "one.lock").wantCode(t, exitOK).out, "broken ", "one.lock")
	r = filelock(t, dir, "reap", "missing.lock").wantCode(t, exitOK)
	if r.err != "" || r.out != filepath.Join(dir, "missing.lock")+": there is no lock\n" {
		t.Errorf("a lock that is not there: %q, %q", r.out, r.err)
	}
	wantText(t, "json", filelock(t, dir, "reap", "--json", "missing.lock").wantCode(t, exitOK).out, `"state":"free"`, `"error":null`, `"action":"kept"`)
	for _, path := range []string{"missing/", "missing/x.lock"} {
		filelock(t, dir, "reap", path).wantCode(t, exitNoDir)
	}
}

func TestReapWatchSaysOnlyWhatChanges(t *testing.T) {
	dir := t.TempDir()
	elsewhere(t, dir+"/far.lock", nil)
	r := begin(t, command(dir, "reap", "--watch=10ms", "."))
	killOwner(t, dir, "a.lock")
	wantText(t, "first", r.line(t), "broken", "a.lock")
	killOwner(t, dir, "b.lock")
	wantText(t, "second", r.line(t), "broken", "b.lock")
}

func TestWaitEndsWhenAContenderWouldGetIt(t *testing.T) {
	dir := t.TempDir()
	filelock(t, dir, "wait", "x.lock").wantCode(t, exitOK)
	h := holding(t, dir, "x.lock")
	r := filelock(t, dir, "wait", "-w", ".02", "x.lock").wantCode(t, exitConflict)
	wantText(t, "stderr", r.err, "x.lock is held by pid "+strconv.Itoa(h.Process.Pid), "alive")
	filelock(t, dir, "wait", "-w", "0", "x.lock").wantCode(t, exitConflict)
	w := begin(t, command(dir, "wait", "x.lock"))
	h.letGo(t)
	w.end(t).wantCode(t, exitOK)
	killedOwner(t, dir, "x.lock")
	filelock(t, dir, "wait", "x.lock").wantCode(t, exitOK)
	if _, err := os.Stat(dir + "/x.lock"); err != nil {
		t.Errorf("wait changed something: %v", err)
	}
	elsewhere(t, dir+"/far.lock", nil)
	r = filelock(t, dir, "wait", "-w", ".01", "far.lock").wantCode(t, exitConflict)
	wantText(t, "stderr", r.err, "far.lock is of pid 4711", "hint: filelock inspect "+quoted(dir, "far.lock"))
	if err := os.WriteFile(dir+"/data", []byte("data\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	filelock(t, dir, "wait", "data").wantCode(t, exitNoCreate)
	filelock(t, dir, "wait", "missing/x").wantCode(t, exitNoDir)
}

func TestLockAndUnlockInAShellScript(t *testing.T) {
	needUnix(t)
	dir := t.TempDir()
	const script = `T=$(filelock lock -w 60 --pid $$ "$L") || exit
filelock inspect --json "$L"
filelock run -n "$L" true && exit 50
filelock lock -n --pid $$ "$L" && exit 51
filelock unlock --token 11111111-1111-4111-8111-111111111111 "$L"; test $? = 75 || exit 52
filelock unlock --token "$T" "$L" || exit 53
test ! -e "$L" || exit 54
filelock unlock --token "$T" "$L"; test $? = 75 || exit 55
echo done $T $$`
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "L=x y.lock")
	r := finish(t, cmd).wantCode(t, exitOK)
	f := strings.Fields(r.out[strings.LastIndex(r.out, "done"):])
	wantText(t, "inspect", r.out, `"token":"`+f[1]+`"`, `"pid":`+f[2], `"on_behalf":true`, `"state":"held"`, `"rule":"process-alive"`)
}

func TestLockAndUnlockForAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	p := begin(t, exec.Command("do", "say up", "read"))
	p.wantLine(t, "up")
	pid := strconv.Itoa(p.Process.Pid)
	take := func() string {
		t.Helper()
		return strings.TrimSpace(filelock(t, dir, "lock", "-w", "60", "--pid", pid, "x y.lock").wantCode(t, exitOK).out)
	}
	token := take()
	wantText(t, "inspect", filelock(t, dir, "inspect", "--json", "x y.lock").wantCode(t, exitHeld).out,
		`"token":"`+token+`"`, `"pid":`+pid, `"on_behalf":true`, `"state":"held"`, `"rule":"process-alive"`)
	wantText(t, "contention", filelock(t, dir, "run", "-n", "x y.lock", "true").wantCode(t, exitConflict).err, "pid "+pid+" (do"+exe+")", "alive (process-alive)")
	filelock(t, dir, "lock", "-n", "--pid", pid, "x y.lock").wantCode(t, exitConflict)
	filelock(t, dir, "unlock", "--token", "11111111-1111-4111-8111-111111111111", "x y.lock").wantCode(t, exitLost)
	filelock(t, dir, "unlock", "--token", token, "x y.lock").wantCode(t, exitOK)
	wantEmptyDir(t, dir)
	filelock(t, dir, "unlock", "--token", token, "x y.lock").wantCode(t, exitLost)
	take()
	p.letGo(t)
	wantText(t, "inspect", filelock(t, dir, "inspect", "x y.lock").wantCode(t, exitStale).out, reaper.RuleProcessGone)
	filelock(t, dir, "run", "-n", "x y.lock", "true").wantCode(t, exitOK)
}

func TestALockOfAShellThatEndedIsStale(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("do", "run filelock lock --pid $$ x.lock")
	cmd.Dir = dir
	finish(t, cmd).wantCode(t, exitOK)
	wantText(t, "inspect", filelock(t, dir, "inspect", "x.lock").wantCode(t, exitStale).out, reaper.RuleProcessGone)
	filelock(t, dir, "run", "-n", "x.lock", "true").wantCode(t, exitOK)
}

func TestLockNeedsAProcessThatExists(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range []string{strconv.Itoa(cmd.Process.Pid), "0", "-1", "999999999"} {
		r := filelock(t, dir, "lock", "--pid="+pid, "x.lock").wantCode(t, exitUsage)
		wantText(t, pid, r.err, "filelock: ", "hint: ")
		wantGone(t, dir+"/x.lock")
	}
	filelock(t, dir, "lock", "--pid", strconv.Itoa(os.Getpid()), "missing/x").wantCode(t, exitNoDir)
}

func TestUnlockSaysWhyItDidNot(t *testing.T) {
	dir := t.TempDir()
	named := func(name string) string { return plainPaths(strconv.Quote(filepath.Join(dir, name))) }
	token := strings.TrimSpace(filelock(t, dir, "lock", "--pid", strconv.Itoa(os.Getpid()), "x.lock").wantCode(t, exitOK).out)
	r := filelock(t, dir, "unlock", "--token", "wrong", "x.lock").wantCode(t, exitLost)
	wantText(t, "another's", r.err, `filelock: unlock `+named("x.lock")+`: held under another token, by pid `+strconv.Itoa(os.Getpid())+" (")
	filelock(t, dir, "unlock", "--token", token, "x.lock").wantCode(t, exitOK)
	r = filelock(t, dir, "unlock", "--token", token, "x.lock").wantCode(t, exitLost)
	wantText(t, "nothing", r.err, `filelock: unlock `+named("x.lock")+`: there is no lock`)
	h := holding(t, dir, "run.lock")
	r = filelock(t, dir, "unlock", "--token", record(t, dir+"/run.lock")["token"].(string), "run.lock").wantCode(t, exitHeld)
	wantText(t, "of run", r.err, `unlock `+named("run.lock")+`: taken by a process with the kernel lock (filelock run or the library), not by filelock lock: it ends with pid `+strconv.Itoa(h.Process.Pid))
}

func TestATokenThatCannotBePrintedIsRevoked(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /dev/full")
	}
	dir := t.TempDir()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = full.Close() }()
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = pr.Close()
	defer func() { _ = pw.Close() }()
	for _, out := range []*os.File{full, pw} {
		cmd := command(dir, "lock", "--pid", strconv.Itoa(os.Getpid()), "x.lock")
		cmd.Stdout = out
		finish(t, cmd).wantCode(t, exitInternal)
		wantGone(t, dir+"/x.lock")
	}
	cmd := command(dir, "inspect", "x.lock")
	cmd.Stdout = full
	finish(t, cmd).wantCode(t, exitInternal)
}
