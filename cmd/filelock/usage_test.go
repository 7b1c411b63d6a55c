package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
)

// inProcess runs the command without a process, for what starts no COMMAND.
func inProcess(args ...string) result {
	var out, errs bytes.Buffer
	code := run(context.Background(), args, strings.NewReader(""), &out, &errs)
	return result{int(code), out.String(), errs.String()}
}

func TestWrongUsageExits64SaysWhyAndAnswersNothing(t *testing.T) {
	for _, tt := range []struct {
		args string
		says string
		hint string
	}{
		{"", "say what to do", "filelock help"},
		{"inspekt x", `no command "inspekt"`, "did you mean filelock inspect?"},
		{"--frob", "unknown flag: --frob", "filelock help lists"},
		{"x.lock filelock help", `no command "x.lock"`, "did you mean: filelock run x.lock filelock help"},
		{"-n x.lock filelock help", "filelock: unknown shorthand flag: 'n'", "did you mean: filelock run -n x.lock filelock help"},
		{"--hard -w 5 it's filelock", "filelock: unknown flag: --hard", `did you mean: filelock run --hard -w 5 ` + shell("it's") + ` filelock`},
		{"x.lock no-such-program", `no command "x.lock"`, "filelock help lists"},
		{"run", "LOCK and COMMAND are missing", "run [flags] LOCK"},
		{"run x", "COMMAND is missing", "run [flags] LOCK"},
		{"run 9", "descriptor number", "filelock lock --pid"},
		{"run -n 9", "descriptor number", "filelock lock --pid"},
		{"run --verbos x true", "unknown flag: --verbos", "did you mean --verbose?"},
		{"run -Z x true", "unknown shorthand flag", "filelock help run"},
		{"run -u x true", "-u of flock(1)", "filelock unlock"},
		{"run --unlock x true", "-u of flock(1)", "filelock unlock"},
		{"run -F x true", "-F of flock(1)", noForkHint},
		{"run --no-fork x true", "-F of flock(1)", noForkHint},
		{"run --fd 9", "--fd is not here", "filelock lock"},
		{"run -s x true", "cannot be shared", "--hard"},
		{"run -s it's true", "cannot be shared", `run --hard -s ` + shell("it's") + ` true`},
		{"run -E 256 x true", "0 to 255", ""},
		{"run -E -1 x true", "0 to 255", ""},
		{"run -E x x true", "invalid argument", ""},
		{"run -w -1 x true", "negative", ""},
		{"run -w soon x true", "no length of time", ""},
		{"run -w NaN x true", "no length of time", ""},
		{"run -w 1e300 x true", "too long", ""},
		{"run --on-lost panic x true", "term, kill or ignore", ""},
		{"run --label k x true", "not K=V", ""},
		{"run --label =v x true", "not K=V", ""},
		{"run --lease 9.99 x true", "9.99s is too short: 10s or more", "no time limit"},
		{"run --lease 1ns x true", "too short", ""},
		{"run --lease soon x true", "no length of time", ""},
		{"run --lease -10 x true", "negative", ""},
		{"run --hard --lease 60 x true", "--lease and --hard exclude each other", ""},
		{"run --hard --lease 0 x true", "--lease and --hard exclude each other", ""},
		{"run --hard --fence x true", "--fence and --hard exclude each other", ""},
		{"run --hard -s --fence x true", "--fence and --hard exclude each other", ""},
		{"--lease 60 --fence --network x.lock filelock help", "unknown flag: --lease", "did you mean: filelock run --lease 60 --fence --network x.lock filelock help"},
		{"run -c a x -c b", "-c is there twice", ""},
		{"run -c a x --command=b", "-c is there twice", ""},
		{"run -c a x true", "exclude each other", "quote"},
		{"run x -c", "exactly one STRING", "quote"},
		{"run x -c a b", "exactly one STRING", "quote"},
		{"inspect", "LOCK is missing", "usage:"},
		{"list", "DIR is missing", "usage:"},
		{"reap", "DIR or LOCK is missing", "usage:"},
		{"reap --watch=0 .", "look again", ""},
		{"list --patience 0 .", "no time", ""},
		{"break", "LOCK is missing", "usage:"},
		{"break a b", `"b" is one argument too many`, "usage:"},
		{"break --token t --force a", "exclude each other", ""},
		{"break --token= a", "token is empty", "inspect --json"},
		{"wait", "LOCK is missing", "usage:"},
		{"lock x", "--pid is missing", "--pid $"},
		{"lock --pid abc x", `"abc" is no process id`, "--pid $"},
		{"lock --lease 60 --pid 1 x", "no lease: nobody would renew it", "filelock run --lease D"},
		{"unlock x", "--token is missing", "inspect --json"},
		{"version x", "one argument too many", ""},
		{"doctor", "DIR is missing", "usage:"},
		{"doctor a b", `"b" is one argument too many`, "usage:"},
		{"doctor --for all .", `--for "all": it is soft, hard or lease`, ""},
		{"doctor --peers 3 .", "--peers 3: it can be done by two only", "on two hosts"},
		{"doctor --peers 1 .", "--peers 1: it can be done by two only", "on two hosts"},
		{"doctor --peers=two .", "invalid argument", ""},
		{"doctor --wait 5 .", "there is no --peers", "--patience"},
		{"doctor --peers 2 --wait 0 .", "no partner can come in no time", ""},
		{"doctor --peers 2 --wait 1h .", "more than 10m", ""},
		{"doctor --patience 0 .", "no time", ""},
		{"doctor --patience 1h .", "more than 10m", ""},
		{"doctor --jsn .", "unknown flag: --jsn", "did you mean --json?"},
		{"doctr .", `no command "doctr"`, "did you mean filelock doctor?"},
		{"help nonsense", "no help about", ""},
		{"completion", "which shell", "bash"},
		{"completion tcsh", "tcsh", "bash"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Chdir(t.TempDir())
			r := inProcess(strings.Fields(tt.args)...).wantCode(t, exitUsage)
			if r.out != "" {
				t.Errorf("stdout: %q", r.out)
			}
			wantText(t, "stderr", r.err, "filelock: ", tt.says)
			if tt.hint != "" {
				wantText(t, "stderr", r.err, "hint: ", tt.hint)
			}
			if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}

func TestHelpOfEveryCommandShowsSynopsisExitCodesAndExample(t *testing.T) {
	for _, c := range []string{"run", "inspect", "list", "reap", "break", "wait", "lock", "unlock", "doctor"} {
		for _, args := range [][]string{{"help", c}, {c, "--help"}, {c, "-h"}} {
			r := inProcess(args...).wantCode(t, exitOK)
			wantText(t, strings.Join(args, " "), r.out, "Usage:\n  filelock "+c, "Examples:", "Flags:", "Exit status:", "   64  wrong usage")
			if r.err != "" {
				t.Errorf("%v: stderr %q", args, r.err)
			}
		}
	}
	r := inProcess("help").wantCode(t, exitOK)
	wantText(t, "help", r.out, "run", "inspect", "list", "reap", "break", "wait", "lock", "unlock", "doctor", "version", "completion")
	wantText(t, "help help", inProcess("help", "help").wantCode(t, exitOK).out, "Help about a command")
}

func TestVersionNamesGoAndPlatform(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}} {
		r := inProcess(args...).wantCode(t, exitOK)
		wantText(t, "version", r.out, "filelock ", "go1.", "/")
		if strings.Count(r.out, "\n") != 1 {
			t.Errorf("more than one line: %q", r.out)
		}
	}
}

func TestCompletionIsAScriptForEachShell(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if r := inProcess("completion", shell).wantCode(t, exitOK); !strings.Contains(r.out, "filelock") {
			t.Errorf("%s: %d bytes that do not name filelock", shell, len(r.out))
		}
	}
	wantText(t, "completion of r", inProcess("__complete", "r").wantCode(t, exitOK).out, "run", "reap")
}

func TestDurationsAreSecondsOrGoDurations(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0s", "1": "1s", ".5": "500ms", "0.007": "7ms", "1e2": "1m40s", "1m30s": "1m30s", "250ms": "250ms", "1e-12": "1ns",
	} {
		if d, err := parseSeconds(text); err != nil || d.String() != want {
			t.Errorf("%q is %v, %v; want %s", text, d, err, want)
		}
	}
	for _, text := range []string{"", "x", "-1", "-1s", "-1e-12", "-inf", "inf", "nan", "1 s", "1e19"} {
		if d, err := parseSeconds(text); err == nil {
			t.Errorf("%q is %v, want an error", text, d)
		}
	}
}

func TestAnEmptyPathIsNotTheWorkingDirectory(t *testing.T) {
	for _, sub := range []string{"list", "reap"} {
		filelock(t, t.TempDir(), sub, "").wantCode(t, exitUsage)
	}
}

// A command line that begins with a subcommand is parsed without the others.
func TestASubcommandIsTheSameWithoutTheOthers(t *testing.T) {
	for _, c := range subcommands {
		alone, among := inProcess(c.name, "--help"), inProcess("help", c.name)
		if alone.code != 0 || alone != among || !strings.Contains(alone.out, "filelock "+c.name) {
			t.Errorf("filelock %s --help:\n%+v\nfilelock help %s:\n%+v", c.name, alone, c.name, among)
		}
		if alone = inProcess(c.name, "--frob"); alone.code != int(exitUsage) || !strings.Contains(alone.err, c.name+": unknown flag: --frob") {
			t.Errorf("filelock %s --frob: %+v", c.name, alone)
		}
	}
	if got := len((&app{out: &output{}, errs: io.Discard, args: []string{"run"}}).root("run").Commands()); got != 1 {
		t.Errorf("%d subcommands are made for one", got)
	}
}
