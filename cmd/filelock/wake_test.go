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

	"github.com/filelock-go/filelock/internal/fsys"
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
	first, longest, hook := firstNet, longestNet, asleep
	firstNet, longestNet = 1000*time.Hour, 1000*time.Hour
	asleep = func(told bool) { sleeps <- told }
	t.Cleanup(func() { firstNet, longestNet, asleep = first, longest, hook })
	return sleeps
}

// unpolled has a sleep that nothing ends go on for ever.
func unpolled(t *testing.T) {
	was := firstPoll
	firstPoll = 1000 * time.Hour
	t.Cleanup(func() { firstPoll = was })
}

func TestWaitIsWokenByTheOwnersEnd(t *testing.T) {
	for name, owner := range map[string][]string{
		"soft": {}, "hard": {"--hard"}, "shared": {"--hard", "-s"},
	} {
		ends := map[string]func(t *testing.T, h *running){
			"lets go": func(t *testing.T, h *running) { h.letGo(t).wantCode(t, exitOK) },
			"killed":  func(t *testing.T, h *running) { h.kill(t) },
		}
		for how, end := range ends {
			t.Run(name+" "+how, func(t *testing.T) {
				dir := t.TempDir()
				needKernelBacked(t)
				h := begin(t, command(dir, append(append([]string{"run", "-o"}, owner...), "x.lock", "do", "say held", "read")...))
				h.wantLine(t, "held")
				waitWoken(t, filepath.Join(dir, "x.lock"), func() { end(t, h) })
			})
		}
	}
}

func TestWaitIsWokenByTheEndOfAProcessWithoutADescriptor(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files are not watched there")
	}
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
	if runtime.GOOS == "windows" {
		t.Skip("files are not watched there")
	}
	dir := t.TempDir()
	needKernelBacked(t)
	path := filepath.Join(dir, "x.lock")
	h := holding(t, dir, "x.lock")
	waitWoken(t, path, func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	})
	h.kill(t)
}

// Whoever is next in turn for a hard lock has it when its owner lets go. A
// goroutine of ours that is blocked there, too, would be in his way then.
func TestWaitIsNotInTheWayOfWhoWaitsInOrder(t *testing.T) {
	if !fsys.OrderLocks {
		t.Skip("there are no order locks here")
	}
	dir := t.TempDir()
	needKernelBacked(t)
	holding(t, dir, "--hard", "x.lock")
	next := begin(t, command(dir, "run", "--hard", "x.lock", "do", "say held", "read"))
	f, err := fsys.Real.At(dir).Open("x.lock", fsys.OpenRead)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	waitFor(t, "another waits in order", func() bool {
		there, err := f.OrderHeld(fsys.Turn)
		return there && err == nil
	})
	s, told := asleepAt(t, filepath.Join(dir, "x.lock"))
	if s.blocked != nil {
		t.Error("a goroutine is blocked on the lock that another is next for")
	}
	if !told {
		t.Error("nothing tells that he lets go")
	}
	next.kill(t)
	waitFor(t, "nobody waits any more", func() bool {
		there, err := f.OrderHeld(fsys.Turn)
		return !there && err == nil
	})
	s, _ = asleepAt(t, filepath.Join(dir, "x.lock"))
	if s.blocked == nil {
		t.Error("no goroutine is blocked on a lock that nobody is next for")
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
	if runtime.GOOS == "windows" {
		t.Skip("files are not watched there")
	}
	dir := t.TempDir()
	needKernelBacked(t)
	path := filepath.Join(dir, "x.lock")
	h := holding(t, dir, "x.lock")
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
