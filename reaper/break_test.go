package reaper_test

import (
	"errors"
	"os"
	"testing"

	"github.com/google/uuid"

	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

func TestBreak(t *testing.T) {
	needIdentity(t)
	dead, away := recordOf(ended(t)), recordOf(meta.Identity{PID: 1, Hostname: "elsewhere"})
	token := func(r *meta.Record) string { return r.Token }
	for _, c := range []struct {
		name, contents string
		o              reaper.Options
		want           string // the name of an error; "" when it is gone
	}{
		{"dead", string(encode(t, dead)), reaper.Options{}, ""},
		{"dead, its token", string(encode(t, dead)), reaper.Options{Token: token(dead)}, ""},
		{"dead, another token", string(encode(t, dead)), reaper.Options{Token: uuid.NewString()}, "ErrChanged"},
		{"dead, another token, by force", string(encode(t, dead)), reaper.Options{Token: uuid.NewString(), Force: true}, "ErrChanged"},
		{"unknown", string(encode(t, away)), reaper.Options{}, "ErrRefused"},
		{"unknown, its token", string(encode(t, away)), reaper.Options{Token: token(away)}, ""},
		{"unknown, another token", string(encode(t, away)), reaper.Options{Token: uuid.NewString()}, "ErrChanged"},
		{"unknown, by force", string(encode(t, away)), reaper.Options{Force: true}, ""},
		{"torn", string(encode(t, away))[:40], reaper.Options{}, ""},
		{"torn, a token", string(encode(t, away))[:40], reaper.Options{Token: token(away)}, "ErrChanged"},
		{"empty", "", reaper.Options{}, ""},
		{"malformed", "data", reaper.Options{}, "ErrRefused"},
		{"malformed, by force", "data", reaper.Options{Force: true}, ""},
		{"newer", `{"format":"filelock/2"}`, reaper.Options{}, "ErrRefused"},
		{"newer, by force", `{"format":"filelock/2"}`, reaper.Options{Force: true}, ""},
		{"a pid", "1\n", reaper.Options{}, "ErrRefused"},
		{"a pid, by force", "1\n", reaper.Options{Force: true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := tempLock(t)
			write(t, path, []byte(c.contents))
			st, err := reaper.Break(t.Context(), path, c.o)
			_, there := os.Lstat(path)
			switch {
			case c.want == "" && (err != nil || there == nil):
				t.Errorf("%v, file %v; want it gone", err, there)
			case c.want != "" && (!(answer{Is: matches(err)}).is(c.want) || there != nil):
				t.Errorf("%v, file %v; want %s, and the file kept", err, there, c.want)
			}
			var refused *reaper.RefusedError
			if errors.As(err, &refused) && (refused.Status.Rule != st.Rule || st.Verdict != reaper.Unknown) {
				t.Errorf("refused as %s by %s, judged %s by %s", refused.Status.Verdict, refused.Status.Rule, st.Verdict, st.Rule)
			}
		})
	}
}

func TestNoBreakRemovesALockWhoseKernelLockIsHeld(t *testing.T) {
	for _, kind := range []string{"soft", "file", "shared"} {
		t.Run(kind, func(t *testing.T) {
			path := tempLock(t)
			p := start(t)
			hold(t, p, kind, path)
			token := ""
			st, err := reaper.Inspect(t.Context(), path)
			must(t, err)
			if st.Record != nil {
				token = st.Record.Token
			}
			unchanged(t, self(), path, "break", func() {
				for _, o := range []reaper.Options{{}, {Force: true}, {Token: token}, {Token: token, Force: true}} {
					_, err := reaper.Break(t.Context(), path, o)
					var refused *reaper.RefusedError
					if !errors.Is(err, reaper.ErrRefused) || !errors.As(err, &refused) || refused.Status.Verdict != reaper.Alive {
						t.Errorf("%+v: %v, want it refused as alive", o, err)
					}
				}
			})
			if r := p.order(t, "release", path); r.Err != "" {
				t.Errorf("the owner lost its lock: %s", r.Err)
			}
		})
	}
}

// Without a kernel lock the caller's word is all there is: with the token, or
// by force, a live owner's record goes; with another's token it does not.
func TestBreakOfALiveOwnersRecord(t *testing.T) {
	path := tempLock(t)
	p := start(t)
	first := grant(t, p, path)
	isAlive(t, self(), path, reaper.RuleProcessAlive)
	if _, err := reaper.Break(t.Context(), path, reaper.Options{Token: first}); err != nil {
		t.Errorf("with its token: %v", err)
	}
	second := grant(t, p, path)
	if _, err := reaper.Break(t.Context(), path, reaper.Options{Token: first}); !errors.Is(err, reaper.ErrChanged) {
		t.Errorf("with the token of an earlier acquisition: %v, want ErrChanged", err)
	}
	isAlive(t, self(), path, reaper.RuleProcessAlive)
	if _, err := reaper.Break(t.Context(), path, reaper.Options{Force: true}); err != nil {
		t.Errorf("by force: %v", err)
	}
	if _, err := reaper.Break(t.Context(), path, reaper.Options{Token: second}); !errors.Is(err, reaper.ErrChanged) {
		t.Errorf("with the token of what is gone: %v, want ErrChanged", err)
	}
}

func TestBreakOfNothing(t *testing.T) {
	path := tempLock(t)
	st, err := reaper.Break(t.Context(), path, reaper.Options{})
	if err != nil || st.Exists || st.State != reaper.Free {
		t.Errorf("%+v, %v; want free, and no error", st, err)
	}
	// A hard lock's file that nobody holds is no lock: it stays.
	p := start(t)
	hold(t, p, "file", path)
	p.end(t)
	unchanged(t, self(), path, "break", func() {
		if _, err := reaper.Break(t.Context(), path, reaper.Options{}); err != nil {
			t.Error(err)
		}
	})
	if _, err := reaper.Break(t.Context(), path, reaper.Options{Force: true}); err != nil {
		t.Errorf("by force: %v", err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("by force: it is still there")
	}
}
