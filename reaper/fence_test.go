package reaper_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/filelock-go/filelock/reaper"
)

func TestAFenceIsNotBrokenEvenByForce(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".job.lock.fence")
	must(t, os.WriteFile(path, []byte("..."), 0o644))
	for _, o := range []reaper.Options{{}, {Force: true}, {Force: true, Network: true}} {
		if _, err := reaper.Break(context.Background(), path, o); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("with %+v: %v", o, err)
		}
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "..." {
		t.Errorf("the fence is %q, %v", b, err)
	}
}
