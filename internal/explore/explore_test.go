package explore

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
)

// Everything that two processes of any kinds can do, and three of some.
func TestNoScheduleGoesWrong(t *testing.T) {
	for i, c := range Sets["short"]() {
		if (testing.Short() || raceDetector || emulation.Wine()) && i%16 != 0 {
			// Under the race detector it takes minutes, and there is one goroutine;
			// on the simulated filesystem all systems are the same.
			continue
		}
		r, err := c.Run(context.Background())
		if err != nil || r.Wrong != "" {
			t.Errorf("%s: %v %s\n%s", c, err, r.Wrong, lines(r.Path))
		}
	}
}

func lines(path []Move) string {
	var s strings.Builder
	for _, m := range path {
		s.WriteString(m.String() + "\n")
	}
	return s.String()
}

// sample is a search that finds two owners: the breaking of other libraries.
func sample() *Config {
	c := config(ModelNamed("local"), "aside aside aside", 1, 1)
	c.Restart, c.Harm = true, true
	return c
}

// The counterexample in PROOF.md is what the search prints, it plays again, and
// no shorter one is found.
func TestRenameAsideLetsTwoOwnersIn(t *testing.T) {
	r, err := sample().Run(context.Background())
	if err != nil || r.Wrong != "two owners at once" {
		t.Fatalf("%v, %q", err, r.Wrong)
	}
	again, err := sample().Replay(r.Replay)
	if err != nil || again.Wrong != r.Wrong || lines(again.Path) != lines(r.Path) {
		t.Errorf("played again: %v, %q\n%s", err, again.Wrong, lines(again.Path))
	}
	doc, err := os.ReadFile("../../PROOF.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range strings.Split(strings.TrimSpace(lines(r.Path)), "\n") {
		if !strings.Contains(string(doc), want+"\n") {
			t.Errorf("PROOF.md does not show the step %q of\n%s", want, lines(r.Path))
		}
	}
	if !strings.Contains(string(doc), r.Replay) {
		t.Errorf("PROOF.md does not name the schedule %s", r.Replay)
	}
}

func TestAScheduleThatIsNoneIsRefused(t *testing.T) {
	for _, s := range []string{"", "zzzz", "0.0.0.75.75.75.75.75.75", "x y"} {
		if r, err := sample().Replay(s); err == nil {
			t.Errorf("%q: %d moves and no error", s, len(r.Path))
		}
	}
}
