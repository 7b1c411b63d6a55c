package meta_test

import (
	"strings"
	"testing"

	"github.com/filelock-go/filelock/meta"
)

func TestDescribeTellsTheCommandLine(t *testing.T) {
	supported(t)
	pid := start(t, "wait", nil).Process.Pid
	if d := meta.Describe(pid); d.PID != pid || d.Program == "" || d.User == "" || !strings.Contains(d.Command, d.Program) {
		t.Errorf("a child is described as %+v", d)
	}
}
