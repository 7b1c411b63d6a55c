package filelock_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/filelock-go/filelock"

// layers are this module's packages from the top down: each may import those
// after it, none before it. internal/sights keeps texts and times from one process
// to the next, and needs no more than files: it knows nothing of records.
// internal/doctor judges what locks can be trusted with, so it may use them; no
// lock asks it.
var layers = []string{"internal/netfs", "internal/explore/explore", "internal/explore", "internal/explore/gate", "internal/explore/net", "cmd/filelock", "internal/doctor", "lock", "internal/waking", "reaper", "internal/host", "meta", "internal/sights", "internal/faults", "internal/fsys", "internal/random", "internal/leaks", "internal/simfs", "internal/emulation"}

// forTests are those that only tests, and each other, may use.
var forTests = []string{"internal/netfs", "internal/explore/explore", "internal/explore", "internal/explore/gate", "internal/explore/net", "internal/faults", "internal/simfs", "internal/leaks", "internal/emulation"}

// ownSystem are those that may know which operating system they are on.
var ownSystem = []string{"cmd/filelock", "meta", "internal/fsys", "internal/random"}

// goPackage is what `go list -json` says of a package that matters here.
type goPackage struct {
	ImportPath              string
	GoFiles, IgnoredGoFiles []string
	Imports, Deps           []string
	DepOnly                 bool
}

// production lists this module's packages without their tests, as built for an
// operating system.
func production(t *testing.T, goos string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,GoFiles,IgnoredGoFiles,Imports,Deps", "./...")
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0") // the tests may be run for a processor that not every system knows
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		skip(t, "there is no go command to ask")
	}
	must(t, err)
	var ps []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		if len(p.GoFiles) > 0 { // this directory has tests only
			p.ImportPath = strings.TrimPrefix(p.ImportPath, module+"/")
			ps = append(ps, p)
		}
	}
	if len(ps) < len(layers) {
		t.Fatalf("go list knows %d packages only: %v", len(ps), ps)
	}
	return ps
}

func TestImportsGoDownwards(t *testing.T) {
	for _, goos := range []string{"linux", "darwin", "windows", "solaris"} {
		for _, p := range production(t, goos) {
			rank := slices.Index(layers, p.ImportPath)
			if rank < 0 {
				t.Errorf("%s is in none of the layers %v: say in this test where it belongs, so that the next reader knows what it may import", p.ImportPath, layers)
				continue
			}
			for _, i := range p.Imports {
				own, ok := strings.CutPrefix(i, module+"/")
				if ok && slices.Index(layers, own) <= rank {
					t.Errorf("GOOS=%s: %s imports %s: imports go %s, never upwards, so that what decides about files (reaper) cannot depend on who waits for them (lock), "+
						"and the filesystem below can be replaced by a simulated one", goos, p.ImportPath, own, strings.Join(layers, " -> "))
				}
			}
		}
	}
}

func TestOnlyTheBottomAndTheCommandKnowTheOperatingSystem(t *testing.T) {
	const why = "the protocol is written once, for every system and for the simulated filesystem alike; " +
		"what differs between systems is behind internal/fsys (files, locks) and meta (processes), and in the command (signals, terminals)"
	for _, goos := range []string{"linux", "darwin", "windows", "solaris"} {
		for _, p := range production(t, goos) {
			if slices.Contains(ownSystem, p.ImportPath) {
				continue
			}
			for _, i := range p.Imports {
				if strings.HasPrefix(i, "golang.org/x/sys/") {
					t.Errorf("GOOS=%s: %s imports %s: %s", goos, p.ImportPath, i, why)
				}
			}
			for _, f := range p.IgnoredGoFiles {
				if !strings.HasSuffix(f, "_test.go") {
					t.Errorf("GOOS=%s: %s has a file for some systems only, %s: %s", goos, p.ImportPath, f, why)
				}
			}
		}
	}
}

func TestNoProgramCarriesTheTestingPackage(t *testing.T) {
	for _, p := range production(t, "linux") {
		for _, d := range p.Deps {
			if slices.Contains(forTests, strings.TrimPrefix(d, module+"/")) && !slices.Contains(forTests, p.ImportPath) {
				t.Errorf("%s depends on %s, in code that is no test: what makes trouble on purpose has no place in production", p.ImportPath, d)
			}
			if d == "testing" || strings.HasPrefix(d, "testing/") {
				t.Errorf("%s depends on %s, in code that is no test: whoever links it gets the test flags and the hooks of tests in production", p.ImportPath, d)
			}
		}
	}
}
