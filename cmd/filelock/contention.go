package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// lookBriefly bounds a look that only makes a message better.
const lookBriefly = 2 * time.Second

// contention is one line about who has the lock: who, since when, and the
// verdict.
func (a *app) contention(err error) string {
	var h *lock.HeldError
	if !errors.As(err, &h) {
		return err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookBriefly)
	defer cancel()
	st, lerr := reaper.Inspect(ctx, h.Path)
	if lerr != nil || st.State == reaper.Free {
		// Free meanwhile, or not to be looked at: say what was seen then.
		st = reaper.Status{Path: h.Path, Record: h.Record, Judgment: h.Judgment, State: reaper.StateUnknown}
		if h.Judgment.Verdict == reaper.Alive {
			st.State = reaper.Held
		}
	}
	return a.heldBy(ctx, st)
}

// heldBy is the line about a lock that somebody has, or may have.
func (a *app) heldBy(ctx context.Context, st reaper.Status) string {
	var b strings.Builder
	b.WriteString(st.Path)
	var hs []reaper.Holder
	if r := st.Record; st.State == reaper.Held && (r == nil || r.Kind != meta.KindSoft) {
		hs, _ = reaper.Holders(ctx, st) // who is not to be seen is not named
	}
	who, when := whoHolds(st, hs)
	switch {
	case who != "" && st.State == reaper.Held:
		b.WriteString(" is held by " + who)
	case who != "":
		b.WriteString(" is of " + who)
	case st.State == reaper.Held:
		b.WriteString(" is held")
	default:
		b.WriteString(" is there")
	}
	if when != "" {
		b.WriteString(" " + when)
	}
	if st.Verdict != "" {
		fmt.Fprintf(&b, ": %s (%s)", st.Verdict, st.Rule)
	}
	if r := st.Record; r != nil && r.Token == os.Getenv("FILELOCK_TOKEN") {
		b.WriteString("; it is your own: FILELOCK_TOKEN names this very acquisition")
	}
	return b.String()
}

// whoHolds names the owner and says since when; "" when it is not known. The
// record of a hard lock may be an earlier holder's, so it counts only if it
// names one of the processes that hold the lock, or if these are not known.
func whoHolds(st reaper.Status, hs []reaper.Holder) (who, when string) {
	r := st.Record
	switch {
	case r != nil && (r.Kind != meta.KindFile || len(hs) == 0 || hasPID(hs, r.PID)):
		return owner(r), since(r.Created, time.Now())
	case len(hs) > 0:
		return holders(hs), ""
	case st.Foreign != nil:
		return fmt.Sprintf("pid %d (says a %s)", st.Foreign.PID, st.Foreign.Format), ""
	}
	return "", ""
}

func hasPID(hs []reaper.Holder, pid int) bool {
	for _, h := range hs {
		if h.PID == pid {
			return true
		}
	}
	return false
}

// narrator logs for --verbose: what is waited for, broken and acquired.
func (a *app) narrator() *slog.Logger { return slog.New(narrator{a}) }

type narrator struct{ a *app }

func (n narrator) Enabled(context.Context, slog.Level) bool { return true }
func (n narrator) WithAttrs([]slog.Attr) slog.Handler       { return n }
func (n narrator) WithGroup(string) slog.Handler            { return n }

func (n narrator) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "not acquired" {
		return nil // run says it better
	}
	attrs := map[string]slog.Value{}
	r.Attrs(func(at slog.Attr) bool {
		attrs[at.Key] = at.Value.Resolve()
		return true
	})
	text := r.Message + ":"
	if p, ok := attrs["path"]; ok {
		text += " " + p.String()
	}
	if pid, ok := attrs["owner_pid"]; ok {
		text += fmt.Sprintf(", of pid %s on %s", pid, attrs["owner_host"])
	}
	if rule, ok := attrs["rule"]; ok && rule.String() != "" {
		text += fmt.Sprintf(", %s (%s)", attrs["verdict"], rule)
	}
	if d, ok := attrs["duration"]; ok && d.Kind() == slog.KindDuration && r.Message != "waiting" {
		text += fmt.Sprintf(", after %s", d.Duration().Round(time.Microsecond))
	}
	if e, ok := attrs["evidence"].Any().([]string); ok && len(e) > 0 && r.Message != "waiting" {
		text += ": " + strings.Join(e, "; ")
	}
	if e, ok := attrs["error"].Any().(error); ok && !errors.Is(e, fs.ErrExist) {
		text += ": " + e.Error()
	}
	n.a.say("%s", text)
	return nil
}
