package net

import (
	"context"
	"strings"
	"testing"
)

// Everything that two and three processes can do.
func TestNoScheduleGoesWrong(t *testing.T) {
	for _, c := range Sets["short"]() {
		r, err := c.Run(context.Background())
		if err != nil || r.Wrong != "" {
			t.Errorf("%s: %v %s\n%s", c, err, r.Wrong, strings.Join(r.Path, "\n"))
		}
	}
}
