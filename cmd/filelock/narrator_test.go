package main

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestAnUnknownOwnerComesWithTheNextStep(t *testing.T) {
	dir := t.TempDir()
	elsewhere(t, dir+"/x.lock", nil)
	for _, tt := range []struct {
		args  []string
		code  exitCode
		lines int
	}{
		{[]string{"run", "-w", ".05", "x.lock", "true"}, 1, 2},
		{[]string{"run", "-w", ".05", "-q", "x.lock", "true"}, 1, 0},
		{[]string{"run", "-w", ".05", "-E", "0", "x.lock", "true"}, 0, 0},
		{[]string{"run", "-n", "-E", "4", "x.lock", "true"}, 4, 2},
		{[]string{"lock", "-n", "--pid", strconv.Itoa(os.Getpid()), "x.lock"}, 1, 2},
	} {
		r := filelock(t, dir, tt.args...).wantCode(t, tt.code)
		if strings.Count(r.err, "\n") != tt.lines {
			t.Errorf("%v: not %d lines: %s", tt.args, tt.lines, r.err)
		}
		if tt.lines > 0 {
			wantText(t, "stderr", r.err, "hint: filelock inspect "+quoted(dir, "x.lock")+"\n")
		}
	}
}
