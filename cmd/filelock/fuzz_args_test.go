//go:build unix || windows

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
)

// commandsCode is what COMMAND exits with in FuzzArguments, where none is run.
const commandsCode exitCode = 42

// FuzzArguments: whatever the arguments are, the command says in one of its
// documented exit codes what came of it, in lines that a terminal can be shown,
// runs on no longer than it was asked to, and touches nothing but locks.
func FuzzArguments(f *testing.F) {
	for _, args := range []string{
		"", "help", "help run", "run --help", "-h", "--version", "version", "completion bash", "__complete run -", "__complete inspect --", "help help", "inspekt x",
		"run free.lock true", "run -n held.lock true", "run -w .01 held.lock true", "run --hard -s free.lock -- true", "run -n -E 7 held.lock true", "run -c true free.lock",
		"run free.lock -c true", "run -c a free.lock --command=b", "run --label a=b --note x --verbose free.lock true", "run -s my lock true", "run --lease 60 free.lock true", "run --lease 9 free.lock true", "run --network --fence free.lock true", "run -n --network dead.lock true", "run --fence --on-lost kill --lease 1m dead.lock true",
		"run -w -0.0000000001 held.lock true", "run -w 1e300 x true", "run - true", "run -- free.lock -- true", "run -nq held.lock true", "run -E 256 x true", "run -u x true",
		"run newer.lock true", "run data true", "run sub true", "run link true", "run none/x true", "run dead.lock true", "run torn.lock true", "run -n far.lock true", "run free.lock none",
		"inspect free.lock held.lock hard.lock dead.lock far.lock torn.lock pid.lock newer.lock data sub link none/x", "inspect --json free.lock held.lock dead.lock far.lock pid.lock",
		"inspect -w .01 held.lock", "list .", "list --json --all .", "list data", "list none", "list --patience 1ms .", "reap .", "reap --dry-run --json .", "reap --watch=.01 .", "reap free.lock", "reap none/",
		"break dead.lock", "break far.lock", "break held.lock", "break --force held.lock", "break --token 0d7e1ed6-2b0b-4c5c-8f3e-5c2a4e0b1a52 far.lock", "break --force torn.lock", "break --force sub",
		"break --token t --force x", "break none/x", "wait free.lock", "wait -w .01 held.lock", "wait data", "wait none/x", "lock --pid 1 free.lock", "lock --network --pid 1 free.lock", "lock --lease 60 --pid 1 free.lock", "inspect --network held.lock dead.lock far.lock torn.lock data", "list --network .", "reap --network .", "break --network dead.lock", "wait --network -w .01 far.lock", "wait --network data", "unlock --network --token t far.lock", "lock -n --pid 1 held.lock",
		"lock --pid 0 free.lock", "lock --pid 99999999 free.lock", "lock --pid x free.lock", "unlock --token t free.lock", "unlock --token t far.lock", "unlock --token t held.lock",
	} {
		f.Add(strings.ReplaceAll(args, " ", "\x00"))
	}
	f.Add("inspect\x00free.lock\n")
	f.Add("inspect\x00--json\x00\x1b[2J\xff")
	f.Add("run\x00-s\x00my lock\x00true")
	l := newLandscape(f)
	signal.Stop(catchSignals().c) // starts a goroutine of package signal's that stays
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, "\x00")
		if leadsOut(args) || len(args) > 20 {
			t.Skip("it could lead out of the test's directory")
		}
		l.restore(t)
		t.Chdir(l.dir)
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		stuck := time.AfterFunc(time.Minute, func() { panic("filelock " + strconv.Quote(line) + " does not end") })
		defer stuck.Stop()
		var out, errs bytes.Buffer
		before := goroutines()
		a := &app{in: strings.NewReader(""), out: &output{w: &out}, errs: &errs, args: args, start: pretend}
		code := a.run(ctx)
		if a.signals != nil {
			signal.Stop(a.signals.c)
		}
		r := result{int(code), out.String(), errs.String()}
		settle(t, args, before)
		cmd, _, err := a.root().Find(args)
		if err != nil {
			cmd = a.root()
		}
		wantDocumented(t, cmd, args, r)
		wantLines(t, cmd.Name(), args, r)
		l.wantKept(t, cmd.Name(), args, r)
	})
}

// leadsOut: an argument names, or might, what is not the test's.
func leadsOut(args []string) bool {
	return slices.ContainsFunc(args, func(s string) bool {
		return strings.HasPrefix(s, "/") || strings.Contains(s, "..") || runtime.GOOS == "windows" && strings.ContainsAny(s, `\:`)
	})
}

// settle waits for what a call that was given up on may still be doing to the
// files: on a busy machine every call may be one.
func settle(t *testing.T, args []string, before int) {
	t.Helper()
	for end := time.Now().Add(patience); goroutines() > before; time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatalf("filelock %q leaves goroutines behind", args)
		}
	}
}

// goroutines is how many there are, but for those that a wait leaves blocked for
// as long as the lock is held (package lock, and sleeper).
func goroutines() int {
	b := make([]byte, 1<<20)
	stacks := string(b[:runtime.Stack(b, true)])
	return strings.Count("\n\n"+stacks, "\n\ngoroutine ") - strings.Count(stacks, "/lock.parkedWaiter(") - strings.Count(stacks, ".blockedWaiter(")
}

// pretend runs no COMMAND.
func pretend(childPlan) (*child, error) {
	done := make(chan exitCode, 1)
	done <- commandsCode
	return &child{done: done}, nil
}

var codeInHelp = regexp.MustCompile(`(?m)^ +(\d+)  `)

// wantDocumented: the exit code is one that --help of the subcommand names, or
// that the arguments ask for.
func wantDocumented(t *testing.T, cmd *cobra.Command, args []string, r result) {
	t.Helper()
	code, allowed := exitCode(r.code), []exitCode{exitOK, exitUsage}
	for _, m := range codeInHelp.FindAllStringSubmatch(cmd.Annotations["exit"], -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		allowed = append(allowed, exitCode(n))
	}
	if cmd.Name() == "run" {
		allowed = append(allowed, commandsCode)
		for i := range 256 { // -E is somewhere in the arguments
			if strings.Contains(strings.Join(args, " "), strconv.Itoa(i)) && code == exitCode(i) {
				allowed = append(allowed, code)
			}
		}
	}
	if !slices.Contains(allowed, code) {
		t.Fatalf("filelock %q: exit code %d is none of %d\nstdout: %s\nstderr: %s", args, code, allowed, r.out, r.err)
	}
}

// wantLines: errors are lines with a prefix that anybody may be shown, --json
// is JSON, and wrong usage answers nothing.
func wantLines(t *testing.T, name string, args []string, r result) {
	t.Helper()
	for l := range strings.Lines(r.err) {
		text := strings.TrimSuffix(l, "\n")
		if !strings.HasPrefix(l, "filelock: ") && !strings.HasPrefix(l, "hint: ") || visible(text) != text {
			if !strings.HasPrefix(args[0], "__complete") { // whose stderr no person sees
				t.Fatalf("filelock %q: stderr has %q", args, l)
			}
		}
	}
	many := name == "inspect" || name == "list" || name == "reap" // paths, each with an answer
	if exitCode(r.code) == exitUsage && r.out != "" && !many {
		t.Fatalf("filelock %q: wrong usage is answered by %q", args, r.out)
	}
	if !many && name != "break" && name != "lock" || strings.Contains(r.out, "\nUsage:\n") {
		return
	}
	for l := range strings.Lines(r.out) {
		if text := strings.TrimSuffix(l, "\n"); visible(text) != text || strings.HasPrefix(l, "{") && !json.Valid([]byte(l)) {
			t.Fatalf("filelock %q: this is no JSON, or not to be shown: %q", args, l)
		}
	}
}

// landscape is a directory of what a lock's path may meet, some of it held.
type landscape struct {
	dir   string
	files map[string]string // what each file holds; a name that ends in / is a directory
	held  map[string]string // files of locks that this process holds
}

func newLandscape(f *testing.F) *landscape {
	l := &landscape{dir: f.TempDir(), held: map[string]string{}}
	dead, far := meta.Record{Kind: meta.KindSoft, Token: "0d7e1ed6-2b0b-4c5c-8f3e-5c2a4e0b1a51"}, farRecord()
	owner := meta.Self()
	owner.Instance = ""
	owner.Start = "1" // and so another process, that had this pid before
	dead.SetOwner(owner)
	text := func(r meta.Record) string {
		b, err := r.Encode()
		if err != nil {
			f.Fatal(err)
		}
		return string(b)
	}
	l.files = map[string]string{
		"sub/": "", "sub/data": "not a lock\n", "sub/dead.lock": text(dead), "sub/far.lock": text(far), "data": "not a lock either\n",
		"dead.lock": text(dead), "far.lock": text(far), "torn.lock": `{"format":"fi`, "pid.lock": "1\n", "newer.lock": `{"format":"filelock/2"}`,
	}
	if err := os.Mkdir(l.dir+"/sub", 0o755); err != nil {
		f.Fatal(err)
	}
	if err := os.Symlink("data", l.dir+"/link"); err != nil && runtime.GOOS != "windows" { // there few users may
		f.Fatal(err)
	}
	for name, locker := range map[string]lock.Locker{"held.lock": lock.NewSoft(l.dir + "/held.lock"), "hard.lock": lock.NewFile(l.dir + "/hard.lock")} {
		if err := locker.TryLock(); err != nil {
			f.Fatal(err)
		}
		f.Cleanup(func() { _ = locker.Unlock() })
		b, err := os.ReadFile(l.dir + "/" + name)
		if err != nil {
			f.Fatal(err)
		}
		l.held[name] = string(b)
	}
	return l
}

// see is what there is now.
func (l *landscape) see(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, sub := range []string{"", "sub/"} {
		entries, err := os.ReadDir(l.dir + "/" + sub)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			name := sub + e.Name()
			switch {
			case e.IsDir():
				all[name+"/"] = ""
			case e.Type()&os.ModeSymlink != 0:
			default:
				b, err := os.ReadFile(l.dir + "/" + name)
				if err != nil {
					t.Fatal(err)
				}
				all[name] = string(b)
			}
		}
	}
	return all
}

// restore undoes what earlier arguments did.
func (l *landscape) restore(t *testing.T) {
	t.Helper()
	for name := range l.see(t) {
		_, wanted := l.files[name]
		_, held := l.held[name]
		if !wanted && !held {
			if err := os.Remove(l.dir + "/" + name); err != nil {
				t.Fatal(err)
			}
		}
	}
	now := l.see(t)
	for name, text := range l.files {
		if now[name] != text && !strings.HasSuffix(name, "/") {
			if err := os.WriteFile(l.dir+"/"+name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// wantKept: wrong usage changes nothing; nothing does anything to held locks;
// only break removes what is not dead; a new file is a lock's.
func (l *landscape) wantKept(t *testing.T, command string, args []string, r result) {
	t.Helper()
	code := exitCode(r.code)
	now := l.see(t)
	fail := func(name, what string) {
		t.Helper()
		t.Fatalf("filelock %q, exit code %d: %s %s\nstdout: %s\nstderr: %s", args, code, name, what, r.out, r.err)
	}
	forced := command == "break" && strings.Contains(strings.Join(args, " "), "--") // by force, or by word
	before := maps.Clone(l.files)
	maps.Copy(before, l.held)
	for name, text := range before {
		got, there := now[name]
		switch _, held := l.held[name]; {
		case there && got != text:
			fail(name, "is changed to "+strconv.Quote(got))
		case there:
		case held:
			fail(name, "is gone, which is held")
		case code == exitUsage:
			fail(name, "is gone by wrong usage")
		case !strings.HasSuffix(name, "dead.lock") && name != "torn.lock" && !forced:
			fail(name, "is gone, which is not dead")
		}
	}
	for name, text := range now {
		if _, there := before[name]; there {
			continue
		}
		c := meta.Parse([]byte(text))
		switch {
		case code == exitUsage:
			fail(name, "is made by wrong usage")
		case command == "run" && fsys.IsSide(filepath.Base(name)) && strings.Trim(text, ".") == "": // a fence
		case command != "run" && command != "lock":
			fail(name, "is made by a command that takes no lock")
		case command == "run" && (c.Class != meta.Complete || c.Record.Kind != meta.KindFile) && text != "":
			fail(name, "is left behind")
		case command == "lock" && (c.Class != meta.Complete || !c.Record.OnBehalf || !strings.Contains(r.out, c.Record.Token)):
			fail(name, "is a lock whose token was not printed")
		}
	}
}
