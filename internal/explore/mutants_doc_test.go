package explore

import (
	"os"
	"strings"
	"sync"
	"testing"
)

// updateVar makes the test write down what it finds.
const updateVar = "FILELOCK_UPDATE_MUTANTS"

// mutantsDoc is the part of MUTANTS.md that is made of what the mutants die of.
type mutantsDoc struct {
	mu   sync.Mutex
	text string
	by   map[string]string
}

const (
	mutantsFile  = "MUTANTS.md"
	mutantsBegin = "## What kills each\n"
)

// newMutantsDoc reads the document, or writes it when the test is over.
func newMutantsDoc(t *testing.T) *mutantsDoc {
	t.Helper()
	b, err := os.ReadFile(mutantsFile)
	if err != nil {
		t.Fatal(err)
	}
	d := &mutantsDoc{text: string(b), by: make(map[string]string)}
	if os.Getenv(updateVar) != "" {
		t.Cleanup(func() { d.write(t) })
	}
	return d
}

// killed takes in what the explorer printed about a mutant. The document has to
// name it, and what it died of.
func (d *mutantsDoc) killed(t *testing.T, m mutant, out string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	var steps []string
	wrong := ""
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if w, ok := strings.CutPrefix(line, "wrong: "); ok {
			wrong = w
		}
		if n, step, ok := strings.Cut(line, "  "); ok && strings.Trim(n, "0123456789") == "" {
			steps = append(steps, step)
		}
	}
	entry := "### " + m.step + "\n\n`" + m.how + "`: **" + wrong + "**\n"
	d.by[m.step] = entry + "\n" + wrapped(strings.Join(steps, "; ")) + "\n"
	if os.Getenv(updateVar) == "" && !strings.Contains(d.text, entry) {
		t.Errorf("%s does not have\n%s(%s=1 go test -run Mutant ./internal/explore writes it)", mutantsFile, entry, updateVar)
	}
}

func (d *mutantsDoc) write(t *testing.T) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	head, _, ok := strings.Cut(d.text, mutantsBegin)
	if !ok || len(d.by) != len(mutants) {
		t.Fatalf("%s is not written: %d of %d mutants ran", mutantsFile, len(d.by), len(mutants))
	}
	text := head + mutantsBegin
	for _, m := range mutants {
		text += "\n" + d.by[m.step]
	}
	write(t, mutantsFile, []byte(text))
}

// wrapped breaks a long line.
func wrapped(s string) string {
	var b strings.Builder
	n := 0
	for _, word := range strings.Fields(s) {
		if n > 0 && n+1+len(word) > 96 {
			b.WriteByte('\n')
			n = 0
		} else if n > 0 {
			b.WriteByte(' ')
			n++
		}
		b.WriteString(word)
		n += len(word)
	}
	return b.String()
}
