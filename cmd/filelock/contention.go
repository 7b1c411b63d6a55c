package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// lookBriefly bounds a look that only makes a message better.
const lookBriefly = 2 * time.Second

// notObtained ends the program with code after contention: one line about who
// has the lock, since when, and the verdict, and where to read more when that
// is unknown.
func (a *app) notObtained(err error, code exitCode) error {
	var h *lock.HeldError
	if !errors.As(err, &h) {
		return &codeError{code: code, err: err}
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookBriefly)
	defer cancel()
	st, lerr := a.look(ctx, h.Path)
	if lerr != nil || st.State == reaper.Free {
		// Free meanwhile, or not to be looked at: say what was seen then.
		st = reaper.Status{Path: h.Path, Record: h.Record, Judgment: h.Judgment, State: reaper.StateUnknown}
		if h.Judgment.Verdict == reaper.Alive {
			st.State = reaper.Held
		}
	}
	return a.notInTime(ctx, st, code)
}

func (a *app) notInTime(ctx context.Context, st reaper.Status, code exitCode) error {
	e := &codeError{code: code, err: errors.New(a.heldBy(ctx, st))}
	if st.Verdict == reaper.Unknown {
		e.next = a.advice("inspect", st.Path)
	}
	return e
}

// heldBy is the line about a lock that somebody has, or may have.
func (a *app) heldBy(ctx context.Context, st reaper.Status) string {
	var b strings.Builder
	b.WriteString(st.Path)
	var hs []reaper.Holder
	if r := st.Record; st.State == reaper.Held && (r == nil || r.Kind != meta.KindSoft || inherited(st)) {
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
	if e := st.Lease(); e != "" && st.Verdict == reaper.Unknown {
		b.WriteString("; " + e) // for cron, each run of which is told no more than this line
	}
	if r := st.Record; r != nil && r.Token == os.Getenv("FILELOCK_TOKEN") {
		b.WriteString("; it is your own: FILELOCK_TOKEN names this very acquisition")
	}
	return b.String()
}
