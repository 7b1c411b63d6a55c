package filelock_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
)

// What the README says in tables is what the program does.

// buildCommand builds the command and returns its path.
func buildCommand(t *testing.T) string {
	t.Helper()
	emulation.SkipWine(t, "there is no go command to build the program with, and the texts are the same everywhere")
	bin := filepath.Join(t.TempDir(), "filelock")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	out, err := exec.Command("go", "build", "-o", bin, "./cmd/filelock").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

func readREADME(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// readmeSection is the text below a heading, up to the next one.
func readmeSection(t *testing.T, readme, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(readme, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("README has no %q", heading)
	}
	if i := regexp.MustCompile(`(?m)^#+ `).FindStringIndex(rest); i != nil {
		rest = rest[:i[0]]
	}
	return rest
}

// firstCells are the names in backquotes in the first column of a table.
func firstCells(text string) (names []string) {
	for line := range strings.Lines(text) {
		if cell, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " |"); ok && strings.HasPrefix(line, "| `") {
			for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
				names = append(names, m[1])
			}
		}
	}
	return names
}

func TestREADMEExitCodesAreThoseOfTheHelp(t *testing.T) {
	bin := buildCommand(t)
	table := readmeSection(t, readREADME(t), "### Exit codes")
	said := map[string]map[string]bool{}
	number := regexp.MustCompile(`\b\d+\b`)
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		names := firstCells(line)
		if strings.Contains(cells[1], "all") {
			names = []string{"all"}
		}
		for _, name := range names {
			if said[name] == nil {
				said[name] = map[string]bool{}
			}
			for _, n := range number.FindAllString(cells[2], -1) {
				said[name][n] = true
			}
		}
	}
	for _, sub := range []string{"run", "inspect", "list", "reap", "break", "wait", "lock", "unlock"} {
		out, err := exec.Command(bin, sub, "--help").Output()
		if err != nil {
			t.Fatal(err)
		}
		_, help, ok := strings.Cut(string(out), "Exit status:\n")
		if !ok {
			t.Errorf("%s --help says nothing of the exit status", sub)
		}
		for _, m := range regexp.MustCompile(`(?m)^ +(\d+)  `).FindAllStringSubmatch(help, -1) {
			if code := m[1]; !said[sub][code] && !said["all"][code] && code != "0" {
				t.Errorf("%s --help has exit code %s, the README's table has not", sub, code)
			}
		}
		for code := range said[sub] {
			if !regexp.MustCompile(`\b`+code+`\b`).MatchString(help) && !said["all"][code] {
				t.Errorf("README has exit code %s of %s, its --help has not", code, sub)
			}
		}
	}
}

func TestREADMEJSONKeysAreThoseOfTheProgram(t *testing.T) {
	bin := buildCommand(t)
	want := firstCells(readmeSection(t, readREADME(t), "### JSON"))
	out, err := exec.Command(bin, "inspect", "--json", filepath.Join(t.TempDir(), "free.lock")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(out, &object); err != nil {
		t.Fatal(err)
	}
	got := []string{"action"} // of reap alone
	for k := range object {
		got = append(got, k)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("README has the keys\n%q, the program\n%q", want, got)
	}
}

func TestREADMERulesAreThoseOfTheReaper(t *testing.T) {
	src, err := os.ReadFile("reaper/reaper.go")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, m := range regexp.MustCompile(`Rule\w+ += "([-a-z]+)"`).FindAllSubmatch(src, -1) {
		want = append(want, string(m[1]))
	}
	if got := firstCells(readmeSection(t, readREADME(t), "## How it knows")); !slices.Equal(got, want) {
		t.Errorf("README has the rules\n%q, package reaper\n%q", got, want)
	}
}

// Every call and option that the README names is there.
func TestREADMENamesOfTheLibraryExist(t *testing.T) {
	files, err := filepath.Glob("lock/*.go")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("reaper/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var src strings.Builder
	for _, f := range append(files, more...) {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		src.Write(b)
	}
	text := readmeSection(t, readREADME(t), "## The library")
	names := regexp.MustCompile(`(?:lock|reaper|\bl|\bf)\.([A-Z]\w+)|\b(With[A-Z]\w+|Err[A-Z]\w+)`).FindAllStringSubmatch(text, -1)
	if len(names) < 30 {
		t.Fatalf("%d names found", len(names))
	}
	for _, m := range names {
		name := m[1] + m[2]
		if !regexp.MustCompile(`(?m)(func (\(\w* ?\*?\w+\) )?|^type |^\t)` + name + `\b`).MatchString(src.String()) {
			t.Errorf("README names %s, which is not there", name)
		}
	}
}
