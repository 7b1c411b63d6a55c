package net

import (
	"context"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
)

// Everything that two and three processes can do.
func TestNoScheduleGoesWrong(t *testing.T) {
	for _, c := range Sets["short"]() {
		// On Windows the programs go aside over every network.
		c.Aside = c.Aside || fsys.Class{Type: "nfs4"}.KeepsNames()
		r, err := c.Run(context.Background())
		if err != nil || r.Wrong != "" {
			t.Errorf("%s: %v %s\n%s", c, err, r.Wrong, strings.Join(r.Path, "\n"))
		}
	}
}
