//go:build linux || windows

package lock

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// Where a file cannot be watched, as on Windows, a waiter looks again and again;
// but he need not wait for the next look when the owner's process ends.
func TestTheOwnersEndWakesWhereTheFileTellsNothing(t *testing.T) {
	dir := t.TempDir()
	owner := exec.Command(os.Args[0], "Soft", filepath.Join(dir, "other.lock"))
	owner.Env = append(os.Environ(), "FILELOCK_TEST_ROLE=hold")
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := owner.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	id, err := meta.Of(owner.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	unwatched := faults.On(fsys.Real, nil) // only what is really the system's is
	l := NewSoft(filepath.Join(dir, "x.lock"), InHost(host.Real.With(unwatched)))
	f := front{h: &l.handle}
	defer f.end()
	seen := &reaper.Status{Record: &meta.Record{
		Token: "t", PID: id.PID, Start: id.Start, BootID: id.BootID, MachineID: id.MachineID,
		PIDNamespace: id.PIDNamespace, TimeNamespace: id.TimeNamespace,
	}}
	by := f.waiting(seen)
	select {
	case <-by.ended:
		t.Fatal("told of the end of an owner that runs")
	default:
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-by.ended:
	case <-time.After(time.Minute):
		t.Error("the owner has ended, and nobody was woken")
	}
	_ = owner.Wait()
}
