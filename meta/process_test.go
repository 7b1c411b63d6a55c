package meta_test

import (
	"errors"
	"math"
	"os"
	"regexp"
	"testing"

	"github.com/filelock-go/filelock/meta"
)

// supported skips a test where processes cannot be looked at.
func supported(t *testing.T) {
	t.Helper()
	if err := meta.Look(os.Getpid()).Err; errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
}

func TestSelfIsWhatOthersSee(t *testing.T) {
	supported(t)
	self := meta.Self()
	if self != meta.Self() {
		t.Error("Self changes")
	}
	if self.PID != os.Getpid() || !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(self.Instance) {
		t.Errorf("self is %+v", self)
	}
	p := meta.Look(self.PID)
	if p.State != meta.Running || p.Start != self.Start || self.Start == "" {
		t.Errorf("self looks like %+v, started %q", p, self.Start)
	}
	seen, err := meta.Of(self.PID)
	if err != nil {
		t.Fatal(err)
	}
	if seen.Program == "" || seen.Instance != "" {
		t.Errorf("self is seen as %+v", seen)
	}
	seen.Instance, seen.Program = self.Instance, self.Program // the kernel may know the program by a shorter name
	if seen != self {
		t.Errorf("\nself is %+v\nseen as %+v", self, seen)
	}
	if d := meta.Describe(self.PID); d.PID != self.PID || d.Program == "" {
		t.Errorf("self is described as %+v", d)
	}
}

func TestAnotherProcessHasTheNamespacesOfTheCaller(t *testing.T) {
	supported(t)
	child := start(t, "wait", nil).Process.Pid
	id, err := meta.Of(child)
	if err != nil {
		t.Fatal(err)
	}
	self := meta.Self()
	if id.PID != child || id.Start == "" || id.Start == self.Start && id.PID == self.PID || !meta.SamePIDNamespace(id, self) || id.BootID != self.BootID || id.MachineID != self.MachineID {
		t.Errorf("the child is %+v", id)
	}
	if differs, comparable := meta.StartDiffers(id.Start, meta.Look(child).Start); differs || !comparable {
		t.Error("the child's start changes")
	}
}

func TestNoProcessHasAnImpossiblePid(t *testing.T) {
	impossible := []int{0, -1, math.MinInt}
	if math.MaxInt > math.MaxInt32 {
		impossible = append(impossible, math.MaxInt)
	}
	for _, pid := range impossible {
		if p := meta.Look(pid); p.State != meta.StateUnknown || p.Err == nil {
			t.Errorf("pid %d looks like %+v", pid, p)
		}
		if id, err := meta.Of(pid); !errors.Is(err, meta.ErrNoProcess) {
			t.Errorf("pid %d is %+v, %v", pid, id, err)
		}
		if d := meta.Describe(pid); d != (meta.Description{PID: pid}) {
			t.Errorf("pid %d is described as %+v", pid, d)
		}
	}
}
