package lock_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/filelock-go/filelock/lock"
)

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) lines(t *testing.T) map[string]map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	byMsg := map[string]map[string]any{}
	dec := json.NewDecoder(bytes.NewReader(s.b.Bytes()))
	for dec.More() {
		var line struct {
			Level, Msg string
			Filelock   map[string]any
		}
		must(t, dec.Decode(&line))
		if line.Level != "DEBUG" {
			t.Errorf("level %s", line.Level)
		}
		byMsg[line.Msg] = line.Filelock
	}
	return byMsg
}

func debugTo(b *safeBuffer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func TestEverythingIsLogged(t *testing.T) {
	path := tempPath(t)
	start(t, "hold", "soft", path).kill(t)
	var buf safeBuffer
	logger := debugTo(&buf)
	l := lock.NewSoft(path, lock.WithLogger(logger))
	must(t, l.Lock(bg))
	waiter := lock.NewSoft(path, lock.WithLogger(logger))
	if err := waiter.LockWithin(bg, 5*time.Millisecond); err == nil {
		t.Fatal("two owners")
	}
	must(t, l.Unlock())
	got := buf.lines(t)
	for msg, keys := range map[string][]string{
		"broke the lock of a dead owner": {"path", "attempt", "duration", "verdict", "rule", "evidence", "owner_token"},
		"acquired":                       {"path", "attempt", "duration", "token"},
		"waiting":                        {"path", "verdict", "rule", "evidence", "owner_token"},
		"not acquired":                   {"path", "attempt", "duration", "error"},
		"released":                       {"path", "attempt", "duration", "token", "held"},
	} {
		for _, k := range keys {
			if _, ok := got[msg][k]; !ok {
				t.Errorf("%q lacks %q: %v", msg, k, got[msg])
			}
		}
	}
}

func TestNothingIsLoggedAboveDebug(t *testing.T) {
	var buf safeBuffer
	l := lock.NewSoft(tempPath(t), lock.WithLogger(slog.New(slog.NewTextHandler(&buf, nil))))
	must(t, l.Lock(bg))
	must(t, l.Unlock())
	if buf.b.Len() > 0 {
		t.Errorf("logged: %s", buf.b.String())
	}
	takes(t, lock.NewSoft(tempPath(t), lock.WithLogger(nil)))
}
