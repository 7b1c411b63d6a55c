package netfs

import (
	"strings"
	"testing"
	"time"
)

// What the witness tells must be right, or nothing here is worth anything.
func TestWitnessFindsEveryOverlapOfTheLivingAndSuspectsNoneOfTheKilled(t *testing.T) {
	for reports, want := range map[string]struct{ overlaps, enters, replaced int }{
		"enter A, still A, leave A, enter B, leave B":          {0, 2, 0},
		"enter A, enter A, still A, leave A, leave A":          {0, 1, 0}, // answers were lost
		"enter A, enter B, still B, leave B":                   {0, 2, 1}, // A was killed
		"enter A, enter B, leave A":                            {1, 2, 1},
		"enter A, enter B, still A, leave B":                   {1, 2, 1},
		"enter A, enter B, leave B, leave A":                   {1, 2, 1},
		"enter A, enter B, leave B, enter A":                   {1, 2, 1},
		"enter A, leave A, still A":                            {1, 1, 0},
		"enter A, leave A, enter B, leave A":                   {1, 2, 0},
		"still A":                                              {1, 0, 0}, // never entered
		"leave A":                                              {1, 0, 0},
		"enter A, enter B, still A, reset C, enter D, leave D": {0, 1, 0},
	} {
		w := &witness{}
		for _, r := range strings.Split(reports, ", ") {
			op, token, _ := strings.Cut(r, " ")
			w.hear(op, token, time.Now())
		}
		if len(w.Overlaps) != want.overlaps || w.Enters != want.enters || w.Replaced != want.replaced {
			t.Errorf("%s: %d overlaps, %d enters, %d replaced, want %+v", reports, len(w.Overlaps), w.Enters, w.Replaced, want)
		}
	}
}
