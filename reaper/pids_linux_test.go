package reaper_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/filelock-go/filelock/meta"
)

// Processes with the pid that a test wants. In the PID namespace of the test
// itself any process of the machine may take it first, and keep it: then the
// test goes on with another pid.

// unlessTaken repeats what is false when somebody else took the pid.
func unlessTaken(t *testing.T, do func() bool) {
	t.Helper()
	for range 50 {
		if do() {
			return
		}
	}
	t.Fatal("every pid that was wanted is taken by somebody else")
}

// gone: a has no process with that pid.
func gone(t *testing.T, a actor, pid int) bool {
	t.Helper()
	return a.order(t, "look", strconv.Itoa(pid)).N == int(meta.Gone)
}

// freePID is a pid that a has no process for. It is another one in every call,
// and in every run of the tests beside this one.
func freePID(t *testing.T, a actor) int {
	t.Helper()
	for {
		if pid := 20_000 + rand.IntN(10_000); gone(t, a, pid) {
			return pid
		}
	}
}

// withPID makes a start a process with that very pid. It is false when somebody
// else has it. Threads use pids up as well, so it may take several attempts.
func withPID(t *testing.T, a actor, pid int) (*other, bool) {
	t.Helper()
	for range 100 {
		if r := a.order(t, "next-pid", strconv.Itoa(pid)); r.is("fs.ErrPermission") || r.is("EROFS") {
			t.Skip("the next pid cannot be chosen here: " + r.Err)
		} else if r.Err != "" {
			t.Fatal(r.Err)
		}
		p := another(t, a, 0)
		if p.pid == pid {
			return p, true
		}
		p.end(t)
		if !gone(t, a, pid) {
			break
		}
	}
	return nil, false
}

// anotherUnlike makes a start a process whose pid no process of b has.
func anotherUnlike(t *testing.T, a, b actor) (p *other) {
	t.Helper()
	unlessTaken(t, func() (ok bool) {
		if p, ok = withPID(t, a, freePID(t, b)); ok && !gone(t, b, p.pid) {
			p.end(t)
			return false
		}
		return ok
	})
	return p
}

// twins makes a and b start a process each, with the same pid.
func twins(t *testing.T, a, b actor) (p, q *other) {
	t.Helper()
	unlessTaken(t, func() (ok bool) {
		p = anotherUnlike(t, a, b)
		if q, ok = withPID(t, b, p.pid); !ok {
			p.end(t)
		}
		return ok
	})
	return p, q
}

// reuse ends a process and gives its pid to another one that started later, as
// the kernel counts: by more than a tick. It is false when somebody else has
// the pid now.
func reuse(t *testing.T, a actor, p *other) (*other, bool) {
	t.Helper()
	was := obeys(t, a, "look", strconv.Itoa(p.pid)).Text
	p.end(t)
	for {
		q, ok := withPID(t, a, p.pid)
		if !ok || ticks(t, obeys(t, a, "look", strconv.Itoa(q.pid)).Text) > ticks(t, was)+1 {
			return q, ok
		}
		q.end(t)
	}
}

func ticks(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	must(t, err)
	return n
}
