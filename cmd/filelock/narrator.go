package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"
)

// narrator logs for --verbose: what is waited for, broken and acquired.
func (a *app) narrator() *slog.Logger { return slog.New(narrator{a}) }

type narrator struct{ a *app }

func (n narrator) Enabled(context.Context, slog.Level) bool { return true }
func (n narrator) WithAttrs([]slog.Attr) slog.Handler       { return n }
func (n narrator) WithGroup(string) slog.Handler            { return n }

func (n narrator) Handle(_ context.Context, r slog.Record) error {
	switch r.Message {
	case "not acquired":
		return nil // run says it better
	case "renewed the lease":
		return nil // as it should be, every few seconds
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
