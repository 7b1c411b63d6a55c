//go:build unix

package main

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAFrozenRunLosesItsLeaseAndKnowsWhenItIsThawed(t *testing.T) {
	t.Parallel()
	const stubborn = "trap '' TERM; while :; do sleep .05; done"
	tests := []struct {
		onLost  string
		command string // after it has said its fence
		says    string
		code    exitCode

		frozen *running
		child  int
		next   *retrier
	}{
		{onLost: lostTerm, command: "trap 'exit 0' TERM; while :; do sleep .05; done", says: "COMMAND is told to end", code: exitLost},
		{onLost: lostTerm, command: stubborn, says: "COMMAND is told to end", code: exitLost},
		{onLost: lostKill, command: stubborn, says: "COMMAND is killed", code: exitLost},
		{onLost: lostIgnore, command: "read x; exit 7", says: "COMMAND goes on", code: 7},
	}
	var jobs []*retrier
	for i := range tests {
		tt := &tests[i]
		tt.next = &retrier{dir: t.TempDir(), state: t.TempDir(), flags: []string{"--lease", "10", "--fence"}}
		args := append([]string{"run", "--verbose", "--on-lost", tt.onLost}, tt.next.flags...)
		tt.frozen = begin(t, command(tt.next.dir, append(args, "x.lock", "sh", "-c", "echo $FILELOCK_FENCE $$; "+tt.command)...))
		pid, ok := strings.CutPrefix(tt.frozen.line(t), "1 ")
		if !ok {
			t.Fatal("the first fence is not 1")
		}
		tt.child = childOf(t, "ready "+pid+" 0")
		jobs = append(jobs, tt.next)
	}
	// The lease is renewed after a quarter of it: let that be so once.
	waitFor(t, "the lease is renewed", func() bool {
		fi, err := os.Stat(tests[0].next.dir + "/x.lock")
		if err != nil {
			t.Fatal(err)
		}
		made, err := time.Parse(time.RFC3339Nano, record(t, tests[0].next.dir+"/x.lock")["created"].(string))
		return err == nil && fi.ModTime().Sub(made) > time.Second
	})
	for _, tt := range tests {
		send(t, tt.frozen.Process.Pid, syscall.SIGSTOP)
	}
	takeOver(t, jobs)
	for _, tt := range tests {
		send(t, tt.frozen.Process.Pid, syscall.SIGCONT)
	}
	for _, tt := range tests {
		if tt.next.fence != "2" {
			t.Errorf("the next fence is %q", tt.next.fence)
		}
		path := tt.next.dir + "/x.lock"
		token := record(t, path)["token"]
		waitFor(t, "it is said", func() bool { return strings.Contains(tt.frozen.errs.String(), tt.says) })
		if tt.onLost == lostIgnore {
			if err := syscall.Kill(tt.child, 0); err != nil {
				t.Errorf("COMMAND is not there: %v", err)
			}
			if err := tt.frozen.in.Close(); err != nil {
				t.Fatal(err)
			}
		}
		r := tt.frozen.end(t).wantCode(t, tt.code)
		wantText(t, "stderr", r.err, "the lock was lost", "while COMMAND ran, another may have had the lock")
		if strings.Contains(r.err, "renew") {
			t.Errorf("--verbose tells of every renewal: %s", r.err)
		}
		if err := syscall.Kill(tt.child, 0); err == nil {
			t.Error("COMMAND runs on after run")
		}
		if got := record(t, path)["token"]; got != token {
			t.Errorf("the successor's lock is %v now, was %v", got, token)
		}
		tt.next.got.letGo(t).wantCode(t, 3)
		wantGone(t, path)
	}
}
