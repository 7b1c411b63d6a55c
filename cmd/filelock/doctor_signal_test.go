//go:build unix

package main

import (
	"strings"
	"syscall"
	"testing"
)

func TestAnInterruptedDoctorLeavesNothing(t *testing.T) {
	needKernelBacked(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		dir := t.TempDir()
		r := begin(t, command(dir, "doctor", "--peers=2", "--wait", patience.String(), dir))
		waitFor(t, "it waits for a partner", func() bool { return strings.Contains(r.errs.String(), "hint: ") })
		if err := r.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		r.end(t).wantCode(t, exitSignal+exitCode(sig))
		emptyDir(t, dir)

		// In the middle of the checks, too, or after them.
		r = begin(t, command(dir, "doctor", dir))
		r.line(t)
		if err := r.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if code := r.end(t).code; code != int(exitSignal)+int(sig) && code != 0 {
			t.Errorf("%v: exit code %d", sig, code)
		}
		emptyDir(t, dir)
	}
}
