//go:build linux || windows

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// waitWoken runs filelock wait in this process, where it is not woken by the
// clock in the time of a test. When it sleeps, and is to be told of the end of
// the lock, free frees that; then it must come back.
func waitWoken(t *testing.T, path string, free func()) {
	t.Helper()
	sleeps := unclocked(t)
	type end struct {
		code exitCode
		said string
	}
	ends := make(chan end, 1)
	ctx, cancel := context.WithCancel(context.Background())
	back := false
	defer func() {
		cancel()
		if !back {
			<-ends
		}
	}()
	go func() {
		var said bytes.Buffer
		code := run(ctx, []string{"wait", path}, nil, &said, &said)
		ends <- end{code, said.String()}
	}()
	select {
	case told := <-sleeps:
		if !told {
			t.Fatal("it looks again and again: nothing is to wake it")
		}
	case e := <-ends:
		back = true
		t.Fatalf("it does not wait: exit code %d: %s", e.code, e.said)
	case <-time.After(patience):
		t.Fatal("it neither sleeps nor ends")
	}
	free()
	select {
	case e := <-ends:
		back = true
		if e.code != exitOK {
			t.Errorf("exit code %d: %s", e.code, e.said)
		}
	case <-time.After(patience):
		t.Error("the lock is free, and it was not woken")
	}
}

// unclocked has sleeps that something ends go on for ever, else; it returns where
// they are announced, each with whether something is to end it.
func unclocked(t *testing.T) <-chan bool {
	sleeps := make(chan bool, 1000)
	was, hook := net, asleep
	net, asleep = 1000*time.Hour, func(told bool) { sleeps <- told }
	t.Cleanup(func() { net, asleep = was, hook })
	return sleeps
}

// unpolled has a sleep that nothing ends go on for ever.
func unpolled(t *testing.T) {
	was := firstPoll
	firstPoll = 1000 * time.Hour
	t.Cleanup(func() { firstPoll = was })
}

// needWatches skips a test where files are not watched.
func needWatches(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("files are not watched there")
	}
}

// watchedLock is a soft lock that another process has, whose file tells of what
// happens to it.
func watchedLock(t *testing.T) (path string, owner *running) {
	t.Helper()
	needWatches(t)
	dir := t.TempDir()
	needKernelBacked(t)
	return filepath.Join(dir, "x.lock"), holding(t, dir, "x.lock")
}

func TestWaitIsWokenByTheOwnersEnd(t *testing.T) {
	for how, end := range map[string]func(t *testing.T, h *running){
		"lets go": func(t *testing.T, h *running) { h.letGo(t).wantCode(t, exitOK) },
		"killed":  func(t *testing.T, h *running) { h.kill(t) },
	} {
		t.Run(how, func(t *testing.T) {
			dir := t.TempDir()
			needKernelBacked(t)
			h := begin(t, command(dir, "run", "-o", "x.lock", "do", "say held", "read"))
			h.wantLine(t, "held")
			waitWoken(t, filepath.Join(dir, "x.lock"), func() { end(t, h) })
		})
	}
}

func TestWaitIsWokenByTheEndOfAProcessWithoutADescriptor(t *testing.T) {
	needWatches(t)
	for name, end := range map[string]func(t *testing.T, dir, token string, h *running){
		"killed": func(t *testing.T, _, _ string, h *running) { h.kill(t) },
		"unlocked": func(t *testing.T, dir, token string, _ *running) {
			filelock(t, dir, "unlock", "--token", token, "x.lock").wantCode(t, exitOK)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			needKernelBacked(t)
			h := begin(t, exec.Command("do", "say up", "read"))
			h.wantLine(t, "up")
			token := filelock(t, dir, "lock", "-n", "--pid", strconv.Itoa(h.Process.Pid), "x.lock").wantCode(t, exitOK).out
			waitWoken(t, filepath.Join(dir, "x.lock"), func() { end(t, dir, token[:len(token)-1], h) })
		})
	}
}

func TestWaitIsWokenWhenTheFileOfALiveOwnerIsRemoved(t *testing.T) {
	path, h := watchedLock(t)
	waitWoken(t, path, func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	})
	h.kill(t)
}

// Who is granted a hard lock's kernel lock for an instant, or looks at it just when
// it is let go, is in the way of those who try once: it is only looked at from time
// to time, and nobody is blocked on it.
func TestWaitIsToldNothingOfHardLocks(t *testing.T) {
	for _, flags := range [][]string{{"--hard"}, {"--hard", "-s"}} {
		dir := t.TempDir()
		needKernelBacked(t)
		h := holding(t, dir, append(flags, "x.lock")...)
		s, told := asleepAt(t, filepath.Join(dir, "x.lock"))
		if told || s.blocked != nil || s.events.Changed() != nil {
			t.Errorf("%v: told %t, blocked %t, listening %t; want to look only", flags, told, s.blocked != nil, s.events.Changed() != nil)
		}
		h.kill(t)
	}
}

// asleepAt is a sleeper that is about to sleep, for a lock that somebody has.
func asleepAt(t *testing.T, path string) (*sleeper, bool) {
	t.Helper()
	s := newSleeper(path)
	t.Cleanup(s.end)
	for range 2 * mostLooks {
		st, err := (&app{}).look(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if pause, told := s.arrange(&st); pause > 0 {
			return s, told
		}
	}
	t.Fatal("it does not sleep")
	return nil, false
}

// What comes for nothing, again and again, is not looked at more often than what
// nothing is told of.
func TestWaitIsNotKeptBusyByEvents(t *testing.T) {
	path, h := watchedLock(t)
	unpolled(t)
	sleeps := unclocked(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	ended := make(chan error, 1)
	enough := errors.New("enough")
	go func() { ended <- (&app{}).wait(ctx, path, -1) }()
	told := []bool{<-sleeps}
	for told[len(told)-1] && len(told) < 10 {
		if err := os.Chtimes(path, time.Now(), time.Now()); err != nil {
			t.Fatal(err)
		}
		told = append(told, <-sleeps)
	}
	cancel(enough)
	if err := <-ended; !errors.Is(err, enough) {
		t.Errorf("it ended with %v", err)
	}
	if len(told) != 2 || !told[0] || told[1] {
		t.Errorf("sleeps that something was to end, while something touched the file: %v; want one, and then the pause between looks", told)
	}
	h.kill(t)
}

// While it is not told, it does not listen either: that costs something each time.
func TestWaitDoesNotListenToWhatItIsNotTold(t *testing.T) {
	path, h := watchedLock(t)
	s, told := asleepAt(t, path)
	if !told || s.events.Changed() == nil {
		t.Fatalf("told %t, listening %t; want both", told, s.events.Changed() != nil)
	}
	st, err := (&app{}).look(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	s.hasty = true
	if _, told := s.arrange(&st); told || s.events.Changed() != nil {
		t.Errorf("after an event for nothing: told %t, listening %t; want neither", told, s.events.Changed() != nil)
	}
	h.kill(t)
}
