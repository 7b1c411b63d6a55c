package reaper_test

import (
	"strings"
	"testing"
)

// sentences checks that evidence can be read by a person: whole sentences, one
// line each.
func sentences(t *testing.T, evidence []string) {
	t.Helper()
	if len(evidence) == 0 {
		t.Error("the verdict has no evidence")
	}
	for _, e := range evidence {
		if strings.TrimSpace(e) != e || !strings.Contains(e, " ") || strings.ContainsAny(e, "\n\r\x1b\x00") {
			t.Errorf("evidence is no sentence: %q", e)
		}
	}
}

// unchanged runs fn, which must leave the file that a sees at path as it is.
func unchanged(t *testing.T, a actor, path, what string, fn func()) {
	t.Helper()
	before := a.order(t, "file", path)
	fn()
	if after := a.order(t, "file", path); after.Text != before.Text || after.Err != before.Err {
		t.Errorf("%s changed the file:\n%s %s\n%s %s", what, before.Text, before.Err, after.Text, after.Err)
	}
}

// verdict checks what a sees at path.
func verdict(t *testing.T, a actor, path, state, verdict, rule string) answer {
	t.Helper()
	var r answer
	unchanged(t, a, path, "inspect", func() { r = a.order(t, "inspect", path) })
	if r.Err != "" {
		t.Fatalf("inspect: %s", r.Err)
	}
	if r.State != state || r.Verdict != verdict || r.Rule != rule {
		t.Fatalf("state %q, verdict %q, rule %q, want %q, %q, %q; evidence %q", r.State, r.Verdict, r.Rule, state, verdict, rule, r.Evidence)
	}
	sentences(t, r.Evidence)
	return r
}

// kept checks that no contender and no breaker removes the lock, whether they
// reap or not.
func kept(t *testing.T, a actor, path, verdict string) {
	t.Helper()
	unchanged(t, a, path, "a contender", func() {
		for _, kind := range []string{"soft", "soft-without-reaping"} {
			r := a.order(t, "try", kind, path)
			if !r.is("ErrHeld") || !r.is("*lock.HeldError") {
				t.Errorf("%s contender: %q, want ErrHeld", kind, r.Err)
				continue
			}
			if r.Verdict != verdict {
				t.Errorf("%s contender: verdict %q by rule %q, want %q", kind, r.Verdict, r.Rule, verdict)
			}
			sentences(t, r.Evidence)
		}
	})
	unchanged(t, a, path, "a breaker", func() {
		if r := a.order(t, "break", path, "", ""); !r.is("ErrRefused") && !r.is("fs.ErrPermission") {
			t.Errorf("break: %q, want ErrRefused", r.Err)
		}
	})
}

// isAlive claims: a sees the lock held, by rule, and cannot take or break it.
func isAlive(t *testing.T, a actor, path, rule string) answer {
	t.Helper()
	r := verdict(t, a, path, "held", "alive", rule)
	if r.Mode != "exclusive" && r.Mode != "shared" {
		t.Errorf("held, mode %q", r.Mode)
	}
	kept(t, a, path, "alive")
	return r
}

// isUnknown claims: a cannot tell, says which proof is missing, and breaks nothing.
func isUnknown(t *testing.T, a actor, path string) answer {
	t.Helper()
	r := verdict(t, a, path, "unknown", "unknown", "unproven")
	if !strings.Contains(r.Missing, " ") {
		t.Errorf("the missing proof is not said: %q", r.Missing)
	}
	kept(t, a, path, "unknown")
	return r
}

// isDead claims: a sees the owner dead by rule; a contender that may not reap
// leaves the lock, another takes it.
func isDead(t *testing.T, a actor, path, rule string) answer {
	t.Helper()
	r := verdict(t, a, path, "stale", "dead", rule)
	unchanged(t, a, path, "WithoutReaping", func() {
		r := a.order(t, "try", "soft-without-reaping", path)
		if !r.is("ErrHeld") || r.Verdict != "dead" {
			t.Errorf("a contender that may not reap: %q, verdict %q, want ErrHeld, dead", r.Err, r.Verdict)
		}
	})
	if r := a.order(t, "try", "soft", path); r.Err != "" {
		t.Errorf("a contender does not take a dead owner's lock: %s", r.Err)
	}
	if r := a.order(t, "file", path); !r.is("fs.ErrNotExist") {
		t.Errorf("the lock file is still there after it was taken and released: %s %s", r.Text, r.Err)
	}
	return r
}
