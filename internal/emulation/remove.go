package emulation

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Remove removes a file that somebody may have open, as another program does, so
// that its name is free at once. Wine lacks the deletion that does that: there
// the file is renamed out of the way first.
func Remove(path string) error {
	if !Wine() {
		return os.Remove(path)
	}
	away := filepath.Join(os.TempDir(), fmt.Sprintf("removed%x", rand.Uint64()))
	if err := os.Rename(path, away); err != nil {
		return err
	}
	return os.Remove(away)
}
