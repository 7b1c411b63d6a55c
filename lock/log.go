package lock

import (
	"context"
	"log/slog"
	"time"

	"github.com/filelock-go/filelock/reaper"
)

// Everything is logged at debug level, and with context.Background where the
// caller's context is over or there is none.

func (h *handle) logs() bool {
	return h.cfg.logger != nil && h.cfg.logger.Enabled(context.Background(), slog.LevelDebug)
}

func (h *handle) logAcquire(ctx context.Context, start time.Time, attempts int, err error) {
	if !h.logs() {
		return
	}
	attrs := []slog.Attr{slog.String("path", h.path), slog.Int("attempt", attempts), slog.Duration("duration", time.Since(start))}
	if err != nil {
		h.cfg.logger.LogAttrs(ctx, slog.LevelDebug, "not acquired", append(attrs, slog.Any("error", err))...)
		return
	}
	if rec, ok := h.record(); ok {
		attrs = append(attrs, slog.String("token", rec.Token))
	}
	h.cfg.logger.LogAttrs(ctx, slog.LevelDebug, "acquired", attrs...)
}

func (h *handle) logWait(ctx context.Context, st *reaper.Status) {
	if !h.logs() {
		return
	}
	attrs := []slog.Attr{slog.String("path", h.path)}
	if st == nil {
		attrs = append(attrs, slog.String("behind", "other goroutines of this process"))
	} else {
		attrs = append(attrs, judged(st)...)
	}
	h.cfg.logger.LogAttrs(ctx, slog.LevelDebug, "waiting", attrs...)
}

func (h *handle) logBreak(st *reaper.Status, attempt int, start time.Time, err error) {
	if !h.logs() {
		return
	}
	attrs := append([]slog.Attr{slog.String("path", h.path), slog.Int("attempt", attempt), slog.Duration("duration", time.Since(start))}, judged(st)...)
	msg := "broke the lock of a dead owner"
	switch {
	case st.Verdict == reaper.Expired:
		msg = "broke a lock whose lease was over"
	case st.State == reaper.Free:
		msg = "removed the file of a hard lock that nobody holds"
	}
	if err != nil {
		msg = "did not break the lock"
		attrs = append(attrs, slog.Any("error", err))
	}
	h.cfg.logger.LogAttrs(context.Background(), slog.LevelDebug, msg, attrs...)
}

func (h *handle) logRelease(hd *hold, start time.Time, err error) {
	if !h.logs() {
		return
	}
	now := time.Now()
	attrs := []slog.Attr{slog.String("path", h.path), slog.Int("attempt", 1), slog.Duration("duration", now.Sub(start)), slog.Duration("held", now.Sub(hd.since))}
	if hd.what.Token != "" {
		attrs = append(attrs, slog.String("token", hd.what.Token))
	}
	msg := "released"
	if err != nil {
		msg = "released with an error"
		attrs = append(attrs, slog.Any("error", err))
	}
	h.cfg.logger.LogAttrs(context.Background(), slog.LevelDebug, msg, attrs...)
}

// logAbandoned tells of a lock that was taken by a call nobody waited for any
// more. Its release cannot be reported in any other way.
func (h *handle) logAbandoned(hd *hold, err error) { h.logRelease(hd, time.Now(), err) }

// logRecord tells that a hard lock's file could not be written: the lock holds
// all the same, the file just does not say who has it.
func (h *handle) logRecord(err error) {
	if h.logs() {
		h.cfg.logger.LogAttrs(context.Background(), slog.LevelDebug, "lock file does not name the holder",
			slog.String("path", h.path), slog.Any("error", err))
	}
}

// logGate tells what went wrong with waiting in order or being woken: it costs
// the waiter order and time, nothing else.
func (h *handle) logGate(err error) {
	if err != nil && h.logs() {
		h.cfg.logger.LogAttrs(context.Background(), slog.LevelDebug, "waiting is out of order or slow",
			slog.String("path", h.path), slog.Any("error", err))
	}
}

func judged(st *reaper.Status) []slog.Attr {
	attrs := []slog.Attr{slog.String("verdict", string(st.Verdict)), slog.String("rule", st.Rule), slog.Any("evidence", st.Evidence)}
	if st.Record != nil {
		attrs = append(attrs, slog.String("owner_token", st.Record.Token), slog.Int("owner_pid", st.Record.PID), slog.String("owner_host", st.Record.Hostname))
	}
	return attrs
}

// logRenewal tells of a lease that was renewed, or could not be.
func (l *lease) logRenewal(err error) {
	h := l.h
	if !h.logs() {
		return
	}
	attrs := []slog.Attr{slog.String("path", h.path), slog.String("token", l.token), slog.Duration("left", l.until()-h.cfg.host.Uptime())}
	msg := "renewed the lease"
	if err != nil {
		msg = "did not renew the lease"
		attrs = append(attrs, slog.Any("error", err))
	}
	h.cfg.logger.LogAttrs(context.Background(), slog.LevelDebug, msg, attrs...)
}

// logLost tells of a hold that was lost.
func (h *handle) logLost(hd *hold) {
	if h.logs() {
		h.cfg.logger.LogAttrs(context.Background(), slog.LevelDebug, "lost the lock",
			slog.String("path", h.path), slog.String("token", hd.what.Token), slog.Duration("held", time.Since(hd.since)))
	}
}
