package explore

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
)

// Every line of the protocol is there for a reason: without it the explorer
// finds a schedule in which something goes wrong.
func TestEveryMutantIsKilled(t *testing.T) {
	if raceDetector {
		return // the mutants are programs of their own, of which it sees nothing
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command to build mutants with")
	}
	root := root(t)
	doc := newMutantsDoc(t)
	turns := make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))
	for _, m := range mutants {
		t.Run(m.step, func(t *testing.T) {
			if strings.HasPrefix(m.how, "-gate") && !strings.HasSuffix(m.how, withoutOrder) && !fsys.OrderLocks {
				t.Skip("there are no order locks here")
			}
			t.Parallel()
			turns <- struct{}{}
			defer func() { <-turns }()
			out, killed := m.run(t, root)
			if !killed || !strings.Contains(out, "wrong: "+m.dies) {
				t.Errorf("the mutant survives, or dies of something else:\n%s", out)
			}
			doc.killed(t, m, out)
		})
	}
}

func root(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// orderGo says that there are order locks.
const orderGo = "internal/fsys/order_linux.go"

// run builds the explorer with a mutated file and runs it.
func (m *mutant) run(t *testing.T, root string) (out string, killed bool) {
	t.Helper()
	dir := t.TempDir()
	replace := make(map[string]string)
	mutate := func(file, old, new string) {
		path := filepath.Join(root, filepath.FromSlash(file))
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), old); n != 1 {
			t.Fatalf("the text to mutate is in %s %d times: the table has to follow the code", file, n)
		}
		replace[path] = filepath.Join(dir, filepath.Base(file))
		write(t, replace[path], []byte(strings.Replace(string(b), old, new, 1)))
	}
	mutate(m.file, m.old, m.new)
	how, without := strings.CutSuffix(m.how, withoutOrder)
	if without {
		mutate(orderGo, "const orderLocks = true", "const orderLocks = false")
	}
	overlay, bin := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "explore.exe")
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	write(t, overlay, b)
	build := exec.Command("go", "build", "-overlay", overlay, "-o", bin, "./internal/explore/explore")
	build.Dir = root
	if b, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the mutant cannot be built: %v\n%s", err, b)
	}
	b, err = exec.Command(bin, append([]string{"-most", "3000000"}, fields(how)...)...).CombinedOutput()
	return string(b), err != nil
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// fields splits flags, of which some are quoted.
func fields(s string) (all []string) {
	for i, part := range strings.Split(s, `"`) {
		if i%2 == 1 {
			all = append(all, part)
		} else {
			all = append(all, strings.Fields(part)...)
		}
	}
	return all
}
