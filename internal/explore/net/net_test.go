package net

import (
	"context"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
)

// Everything that two and three processes can do.
func TestNoScheduleGoesWrong(t *testing.T) {
	for i, c := range Sets["short"]() {
		if emulation.Wine() && i%4 != 0 {
			continue // in memory all systems are the same, but for the form of paths
		}
		r, err := c.Run(context.Background())
		if err != nil || r.Wrong != "" {
			t.Errorf("%s: %v %s\n%s", c, err, r.Wrong, strings.Join(r.Path, "\n"))
		}
	}
}
