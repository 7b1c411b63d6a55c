package filelock_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// threat is a row of a table in SECURITY.md.
type threat struct {
	line  int
	text  string
	tests []string // names in backquotes in its last cell
}

// threatsIn reads the tables of a document: the rows below each header whose
// last column is called tests.
func threatsIn(doc string) (rows []threat, faults []string) {
	name := regexp.MustCompile("`([^`]+)`")
	inTable := false
	n := 0
	for line := range strings.Lines(doc) {
		n++
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			inTable = false
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		last := strings.TrimSpace(cells[len(cells)-1])
		switch {
		case !inTable:
			inTable = true
			if last != "tests" {
				faults = append(faults, "a table's last column is not called tests: "+line)
			}
		case strings.Trim(line, "|- :") == "":
		default:
			row := threat{line: n, text: line}
			for _, m := range name.FindAllStringSubmatch(last, -1) {
				row.tests = append(row.tests, m[1])
			}
			rows = append(rows, row)
		}
	}
	return rows, faults
}

// testsOf are the names of the tests and fuzz targets of the package in a
// directory, on any system.
func testsOf(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	must(t, err)
	names := map[string]bool{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		must(t, err)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && regexp.MustCompile(`^(Test|Fuzz)[A-Z]`).MatchString(fn.Name.Name) {
				names[fn.Name.Name] = true
			}
		}
	}
	return names
}

// Every row of every table in SECURITY.md names the tests that show it, and
// they are there.
func TestEveryThreatNamesATestThatExists(t *testing.T) {
	doc, err := os.ReadFile("SECURITY.md")
	must(t, err)
	rows, faults := threatsIn(string(doc))
	for _, f := range faults {
		t.Error("SECURITY.md:", f)
	}
	if len(rows) < 40 {
		t.Fatalf("SECURITY.md has %d rows only", len(rows))
	}
	packages := map[string]map[string]bool{}
	for _, row := range rows {
		if len(row.tests) == 0 {
			t.Errorf("SECURITY.md:%d names no test: %s", row.line, row.text)
		}
		for _, name := range row.tests {
			dir, test, ok := strings.Cut(name, ".")
			if !ok {
				dir, test = ".", name
			}
			if packages[dir] == nil {
				packages[dir] = testsOf(t, dir)
			}
			if !packages[dir][test] {
				t.Errorf("SECURITY.md:%d names %s, and there is no such test in %q", row.line, test, dir)
			}
		}
	}
}

func TestThreatsAreReadFromTables(t *testing.T) {
	const doc = "text `x.TestNot`\n\n| attack | tests |\n| --- | --- |\n| a `b` | `p.TestA`, `TestB` |\n| c | none |\n\n| attack | proof |\n| --- | --- |\n"
	rows, faults := threatsIn(doc)
	if len(rows) != 2 || strings.Join(rows[0].tests, " ") != "p.TestA TestB" || rows[0].line != 5 || len(rows[1].tests) != 0 || len(faults) != 1 {
		t.Errorf("read %+v, faults %q", rows, faults)
	}
	if names := testsOf(t, "reaper"); !names["TestHostileFiles"] || names["TestMain"] && len(names) < 50 {
		t.Errorf("tests of reaper: %d", len(names))
	}
}
