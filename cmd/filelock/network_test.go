package main

import (
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

func TestNetworkLocksExcludeAndLeaveNothing(t *testing.T) {
	dir := t.TempDir()
	r := filelock(t, dir, "run", "--network", "x.lock", "do", "cat x.lock", "env").wantCode(t, exitOK)
	record, env, _ := strings.Cut(r.out, "\n")
	rec := meta.Parse([]byte(record + "\n")).Record
	if rec == nil || rec.LeaseMS != 60_000 || rec.KernelLock {
		t.Errorf("the record is %s", record)
	}
	if strings.Contains(env, "FILELOCK_FD=") || !strings.Contains(env, "FILELOCK_TOKEN="+rec.Token) {
		t.Errorf("COMMAND finds %s", env)
	}
	wantEmptyDir(t, dir)

	h := holding(t, dir, "--network", "x.lock")
	for _, args := range [][]string{{"run", "-n", "--network", "x.lock", "true"}, {"run", "-w", ".1", "--network", "x.lock", "true"},
		{"lock", "-n", "--network", "--pid", strconv.Itoa(os.Getpid()), "x.lock"}, {"wait", "-w", ".1", "--network", "x.lock"}} {
		r := filelock(t, dir, args...).wantCode(t, exitConflict)
		wantText(t, "contention", r.err, "x.lock is held by pid "+strconv.Itoa(h.Process.Pid))
	}
	r = filelock(t, dir, "inspect", "--network", "x.lock").wantCode(t, exitHeld)
	wantText(t, "inspect", r.out, "  lease     1m0s, which its owner renews while it runs\n", "  next      filelock wait --network "+quoted(dir, "x.lock")+"\n", "or its lease was seen to be over")
	if runtime.GOOS == "linux" { // elsewhere nobody knows whom it would end
		wantText(t, "inspect", r.out, "or end it: kill ")
	}
	waiter := begin(t, command(dir, "run", "--network", "x.lock", "echo", "ran"))
	h.letGo(t).wantCode(t, exitOK)
	waiter.wantLine(t, "ran")
	waiter.end(t).wantCode(t, exitOK)
	wantEmptyDir(t, dir)

	token := strings.TrimSpace(filelock(t, dir, "lock", "--network", "--pid", strconv.Itoa(os.Getpid()), "x.lock").wantCode(t, exitOK).out)
	if rec := meta.Parse(read(t, dir+"/x.lock")).Record; rec == nil || rec.LeaseMS != 0 {
		t.Errorf("what nobody renews has a lease: %+v", rec)
	}
	filelock(t, dir, "break", "--network", "x.lock").wantCode(t, exitHeld)
	filelock(t, dir, "unlock", "--network", "--token", token, "x.lock").wantCode(t, exitOK)
	filelock(t, dir, "unlock", "--network", "--token", token, "x.lock").wantCode(t, exitLost)
	wantEmptyDir(t, dir)
}

func TestTheFenceGrowsWithEachRun(t *testing.T) {
	dir := t.TempDir()
	for i, flags := range [][]string{{"--fence"}, {"--fence", "--lease", "10"}, {"--network", "--fence"}, {"--fence"}} {
		want := strconv.Itoa(i + 1)
		args := append(append([]string{"run"}, flags...), "x.lock", "do", "say $FENCE", "run filelock inspect x.lock")
		r := filelock(t, dir, args...).wantCode(t, 99) // do's, for inspect ends with 10
		if first, inspected, _ := strings.Cut(r.out, "\n"); first != want || !strings.Contains(inspected, "  fence     "+want+"\n") {
			t.Errorf("%v: FILELOCK_FENCE is %q, want %s; inspect says %s", flags, first, want, inspected)
		}
	}
	filelock(t, dir, "lock", "--fence", "--pid", strconv.Itoa(os.Getpid()), "x.lock").wantCode(t, exitOK)
	m := object(t, strings.TrimSuffix(filelock(t, dir, "inspect", "--json", "x.lock").wantCode(t, exitHeld).out, "\n"), lockKeys)
	rec := m["record"].(map[string]any)
	if rec["fence"] != 5.0 {
		t.Errorf("the fence of lock is %v", rec["fence"])
	}
	filelock(t, dir, "unlock", "--token", rec["token"].(string), "x.lock").wantCode(t, exitOK)
	wantGone(t, dir+"/x.lock")
	if r := filelock(t, dir, "list", ".").wantCode(t, exitOK); r.out != "" {
		t.Errorf("the fence is taken for a lock: %s", r.out)
	}
	cmd := command(dir, "run", "x.lock", "do", "say [$FENCE]")
	cmd.Env = append(os.Environ(), "FILELOCK_FENCE=9")
	if r := finish(t, cmd).wantCode(t, exitOK); r.out != "[]\n" {
		t.Errorf("who does not ask for a fence finds %q", r.out)
	}
}

// What was asked with --network is asked so again: otherwise only this machine's
// kernel would be.
func TestHintsKeepNetwork(t *testing.T) {
	dir := t.TempDir()
	rec := elsewhere(t, dir+"/x.lock", nil)
	vouching := "filelock break --token " + rec.Token + " --network " + quoted(dir, "x.lock")
	for _, args := range []string{"run -n --network x.lock true", "wait -w .01 --network x.lock", "lock -n --network --pid " + strconv.Itoa(os.Getpid()) + " x.lock"} {
		wantText(t, args, filelock(t, dir, strings.Fields(args)...).wantCode(t, exitConflict).err, "hint: filelock inspect --network "+quoted(dir, "x.lock")+"\n")
	}
	wantText(t, "break", filelock(t, dir, "break", "--network", "x.lock").wantCode(t, exitUnknown).err, vouching)
	wantText(t, "inspect", filelock(t, dir, "inspect", "--network", "x.lock").wantCode(t, exitUnknown).out, "next      "+vouching+"\n")

	elsewhere(t, dir+"/x.lock", func(r *meta.Record) { r.LeaseMS = 3_600_000 })
	wantText(t, "leased", filelock(t, dir, "inspect", "--network", "x.lock").wantCode(t, exitUnknown).out, "lease     1h0m0s", "it is watched from now on",
		"next      filelock wait --network "+quoted(dir, "x.lock")+"\n", "its lease of 1h0m0s was seen to be over", "only when you know that this owner is gone: "+vouching+"\n")
	m := object(t, strings.TrimSuffix(filelock(t, dir, "inspect", "--json", "x.lock").wantCode(t, exitUnknown).out, "\n"), lockKeys)
	want(t, m, map[string]any{"next": "filelock wait " + quoted(dir, "x.lock"), "rule": "unproven"})
	filelock(t, dir, "break", "--token", rec.Token, "--network", "x.lock").wantCode(t, exitOK)
	wantEmptyDir(t, dir)

	// Unfinished: over a network only time tells.
	if err := os.WriteFile(dir+"/x.lock", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	wantText(t, "torn", filelock(t, dir, "inspect", "--network", "x.lock").wantCode(t, exitUnknown).out,
		"next      filelock wait --network "+quoted(dir, "x.lock")+"\n", "filelock break --force --network "+quoted(dir, "x.lock")+"\n")
	filelock(t, dir, "run", "-n", "--network", "x.lock", "true").wantCode(t, exitConflict)
	if err := os.WriteFile(dir+"/x.lock", []byte("not a lock\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"wait --network x.lock", "run --network x.lock true"} {
		filelock(t, dir, strings.Fields(args)...).wantCode(t, exitNoCreate)
	}
}

// dead is the record of a process of this kernel that has ended.
func dead(t *testing.T, path, kind, token string) {
	t.Helper()
	r := meta.Record{Kind: kind, Token: token}
	owner := meta.Self()
	owner.Instance = ""
	owner.Start = "1" // and so another process, that had this pid before
	r.SetOwner(owner)
	b, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestALockThatAnotherIsBreakingIsLeftToThat(t *testing.T) {
	const token = "0d7e1ed6-2b0b-4c5c-8f3e-5c2a4e0b1a51"
	dir := t.TempDir()
	lock, guard := filepath.Join(dir, "x.lock"), filepath.Join(dir, ".x.lock.1.guard")
	dead(t, lock, meta.KindSoft, token)
	elsewhere(t, guard, func(r *meta.Record) { r.Kind, r.LeaseMS = meta.KindGuard, 30_000 })

	r := filelock(t, dir, "break", "--network", "x.lock").wantCode(t, exitHeld)
	wantText(t, "break", r.err, "not broken: pid 4711 on far is breaking it", "hint: filelock wait --network "+shell(guard)+" ")
	if strings.Count(r.err, "\n") != 2 || strings.Contains(r.err, `\n`) {
		t.Errorf("not two lines: %s", r.err)
	}
	r = filelock(t, dir, "inspect", "--network", "x.lock").wantCode(t, exitStale)
	wantText(t, "inspect", r.out, "alive     no, dead", "next      filelock wait --network "+shell(guard)+"\n", "the process that is breaking it")
	r = filelock(t, dir, "inspect", "--network", ".x.lock.1.guard").wantCode(t, exitUnknown)
	wantText(t, "inspect the guard", r.out, "unknown (guard of a break)", "  lease     30s\n")
	patience := ".1"
	if emulation.Qemu() { // where that is too short for the first look
		patience = "2"
	}
	for _, args := range []string{"run -n --network x.lock true", "run -w " + patience + " --network x.lock true", "wait -w " + patience + " --network x.lock"} {
		filelock(t, dir, strings.Fields(args)...).wantCode(t, exitConflict)
	}
	kinds := func(sub ...string) map[string]string {
		all := map[string]string{}
		for l := range strings.Lines(filelock(t, dir, append(sub, "--json", "--network", ".")...).wantCode(t, exitOK).out) {
			keys := lockKeys
			if sub[0] == "reap" {
				keys = outcomeKeys
			}
			m := object(t, strings.TrimSuffix(l, "\n"), keys)
			what := m["state"]
			if m["action"] != nil {
				what = m["action"]
			}
			all[filepath.Base(m["path"].(string))] = m["kind"].(string) + " " + what.(string)
		}
		return all
	}
	if k := kinds("list"); len(k) != 2 || k["x.lock"] != "soft stale" || k[".x.lock.1.guard"] != "guard unknown" {
		t.Errorf("list: %v", k)
	}
	if k := kinds("reap"); len(k) != 2 || k["x.lock"] != "soft kept" || k[".x.lock.1.guard"] != "guard kept" {
		t.Errorf("reap: %v", k)
	}

	// The one that had the guard has died, too.
	dead(t, guard, meta.KindGuard, token)
	r = filelock(t, dir, "inspect", "--network", "x.lock").wantCode(t, exitStale)
	wantText(t, "inspect", r.out, "next      filelock break --network "+shell(lock)+"\n")
	filelock(t, dir, "wait", "--network", "x.lock").wantCode(t, exitOK)
	if k := kinds("reap", "--dry-run"); k["x.lock"] != "soft would-break" || k[".x.lock.1.guard"] != "guard would-break" {
		t.Errorf("reap --dry-run: %v", k)
	}
	filelock(t, dir, "break", "--network", "x.lock").wantCode(t, exitOK)
	wantEmptyDir(t, dir)
	dead(t, lock, meta.KindSoft, token)
	dead(t, guard, meta.KindGuard, token)
	kinds("reap")
	wantEmptyDir(t, dir)
}

func TestLooksOverANetworkAreASecondApart(t *testing.T) {
	dir := t.TempDir()
	elsewhere(t, dir+"/x.lock", nil)
	local, err := reaper.Inspect(t.Context(), dir+"/x.lock")
	if err != nil {
		t.Fatal(err)
	}
	over, err := reaper.InspectWith(t.Context(), dir+"/x.lock", reaper.Options{Network: true})
	if err != nil {
		t.Fatal(err)
	}
	near, far := firstLook, firstLook
	for range 20 {
		near, far = nextPause(near, local), nextPause(far, over)
	}
	if local.KernelBacked() && near != longestLook || far != longestLookOver {
		t.Errorf("looks are %s apart, and %s over a network", near, far)
	}
	if p := nextPause(far, reaper.Status{}); p > longestLook {
		t.Errorf("when the lock is gone, the next look is after %s", p)
	}
}

func wantEmptyDir(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
