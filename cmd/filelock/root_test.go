package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// What a command line asks of the program itself, in odd places too: a flag that
// comes before a command has that for its value, or is the program's.
func TestWhatIsAskedOfTheProgramItself(t *testing.T) {
	says := func(args ...string) (string, exitCode) {
		var out bytes.Buffer
		code := run(context.Background(), args, nil, &out, &out)
		return out.String(), code
	}
	help, _ := says("--help")
	version, _ := says("version")
	for line, want := range map[string]string{
		"-h": help, "--help run": help, "-h list": help, "-v run --help": help, "-v -h": help,
		"-v": version, "--version": version, "--version run": version,
	} {
		if got, code := says(strings.Fields(line)...); got != want || code != exitOK {
			t.Errorf("filelock %s: exit code %d, and says\n%s", line, code, got)
		}
	}
	if got, code := says("-v", "--bogus"); code != exitUsage || !strings.Contains(got, "--bogus") {
		t.Errorf("filelock -v --bogus: exit code %d, and says\n%s", code, got)
	}
	for line, want := range map[string]string{"--vers": "--version", "-v": ":"} {
		if got, _ := says("__complete", line); !strings.Contains(got, want) || strings.Contains(got, version) {
			t.Errorf("completion of %s:\n%s", line, got)
		}
	}
}
