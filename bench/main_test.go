//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The processes that are measured are this program again: here, the test.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		if err := serve(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// The smoke test: everything runs once, nobody fails, and what is not
// installed is said to be.
func TestEveryExperimentRuns(t *testing.T) {
	dir := t.TempDir()
	var out, progress bytes.Buffer
	if err := command(context.Background(), []string{"-tiny", "-out", dir}, &out, &progress); err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	text := out.String()
	if strings.Contains(text, "| failed") {
		t.Errorf("a contestant failed:\n%s", text)
	}
	for _, line := range strings.Split(text, "\n") {
		if !strings.Contains(line, "| skipped") {
			continue
		}
		if os.Getenv("FILELOCK_TEST_NOSKIP") != "" {
			t.Errorf("nothing may be missing here: %s", line)
		}
		t.Log(line)
	}
	for _, x := range experiments {
		b, err := os.ReadFile(filepath.Join(dir, x.name+".md"))
		if err != nil {
			t.Error(err)
		}
		if !strings.Contains(string(b), "(reference) |") || !strings.Contains(string(b), "| **") {
			t.Errorf("%s has no row of the reference, or none of ours:\n%s", x.name, b)
		}
		for _, image := range regexp.MustCompile(`\]\((.*)\.svg\)`).FindAllStringSubmatch(string(b), -1) {
			for _, ext := range []string{".svg", ".png"} {
				if st, err := os.Stat(filepath.Join(dir, image[1]+ext)); err != nil || st.Size() < 1000 {
					t.Errorf("%s: %s%s is no plot: %v", x.name, image[1], ext, err)
				}
			}
		}
	}
	for where := range map[string]bool{"/dev/shm": true, os.TempDir(): true} {
		left, err := filepath.Glob(filepath.Join(where, "filelock-bench-*"))
		if err != nil || len(left) > 0 {
			t.Logf("left behind, unless another run is going on: %v %v", left, err)
		}
	}
}

func TestOneContestantWithItsReference(t *testing.T) {
	var out bytes.Buffer
	args := []string{"-tiny", "-q", "-only", "wake", "-contestants", "soft", "-benchfmt", "-rounds", "2"}
	if err := command(context.Background(), args, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^Benchmarkwake/fs=\S+/(\S+) 1( \S+ \S+)+$`)
	var names []string
	for _, m := range line.FindAllStringSubmatch(out.String(), -1) {
		names = append(names, m[1])
	}
	if got := strings.Join(names, " "); got != "flock flock soft soft" {
		t.Errorf("lines of %q, want two rounds of flock and soft:\n%s", got, out.String())
	}
	if !regexp.MustCompile(`/soft 1 .* [0-9.e+-]+ x-p50`).MatchString(out.String()) {
		t.Errorf("no ratio of soft to the reference:\n%s", out.String())
	}
}

func TestAnotherBuildTakesPartBesideThisOne(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	args := []string{"-tiny", "-q", "-only", "wake", "-contestants", "soft", "-benchfmt", "-beside", "old=" + self}
	if err := command(context.Background(), args, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"flock", "soft", "soft@old"} {
		if n := strings.Count(out.String(), "/"+name+" 1 "); n != 1 {
			t.Errorf("%d lines of %s, want 1:\n%s", n, name, out.String())
		}
	}
}

func TestMistakesOnTheCommandLineAreErrors(t *testing.T) {
	for _, args := range [][]string{
		{"-tiny", "-only", "nothing"},
		{"-tiny", "-contestants", "nobody"},
		{"-tiny", "-beside", "nobody"},
		{"-tiny", "-dir", "/nowhere", "-only", "wake"},
	} {
		if err := command(context.Background(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}

func TestAnInterruptedRunIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := command(ctx, []string{"-tiny", "-q", "-only", "scan"}, io.Discard, io.Discard); err == nil {
		t.Error("it went on")
	}
}

func TestAContestantWhoseProcessEndsFailsWithItsLastWords(t *testing.T) {
	p, err := spawn(&contestant{name: "nobody"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop()
	_, err = p.ask(request{Do: "when"})
	if err == nil {
		t.Fatal("a contestant that is not there answered")
	}
	if p.stop(); !strings.Contains(p.err.String(), `no contestant "nobody"`) {
		t.Errorf("its last words are %q", p.err.String())
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("its end was not noticed")
	}
}
