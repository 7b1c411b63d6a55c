//go:build linux || windows

package meta_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/filelock-go/filelock/meta"
)

func of(t *testing.T, pid int) meta.Identity {
	t.Helper()
	id, err := meta.Of(pid)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func watch(t *testing.T, id meta.Identity) *meta.Ending {
	t.Helper()
	e, err := meta.WatchProcess(id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// told waits for what has to come.
func told(t *testing.T, e *meta.Ending) {
	t.Helper()
	select {
	case <-e.C():
	case <-time.After(time.Minute):
		t.Fatal("the process has ended, and nobody was woken")
	}
}

func isTold(e *meta.Ending) bool {
	select {
	case <-e.C():
		return true
	default:
		return false
	}
}

func TestWatchProcessTellsOfTheEnd(t *testing.T) {
	cmd := start(t, "wait", nil)
	var all []*meta.Ending
	for range 20 {
		all = append(all, watch(t, of(t, cmd.Process.Pid)))
	}
	for _, e := range all {
		if isTold(e) {
			t.Error("told of the end of a process that runs")
		}
	}
	zombie(t, cmd) // nobody collects it
	for _, e := range all {
		told(t, e)
	}
}

func TestWhoHasEndedIsNotWatched(t *testing.T) {
	cmd := start(t, "wait", nil)
	id := of(t, cmd.Process.Pid)
	zombie(t, cmd)
	if _, err := meta.WatchProcess(id); !errors.Is(err, meta.ErrNoProcess) {
		t.Errorf("a zombie: %v", err)
	}
	_ = cmd.Wait()
	if _, err := meta.WatchProcess(id); !errors.Is(err, meta.ErrNoProcess) {
		t.Errorf("what was waited for: %v", err)
	}
}

func TestOnlyTheProcessThatIsMeantIsWatched(t *testing.T) {
	self := of(t, start(t, "wait", nil).Process.Pid)
	started, err := strconv.Atoi(self.Start)
	if err != nil {
		t.Fatal(err)
	}
	later := func(n int) string { return strconv.Itoa(started + n) }
	// Where there are no namespaces, none and none are the same.
	unknownPIDs, unknownClock := meta.ErrElsewhere, error(nil)
	if self.PIDNamespace == "" {
		unknownPIDs = nil
	}
	if self.TimeNamespace == "" {
		unknownClock = meta.ErrNoProcess
	}
	for name, c := range map[string]struct {
		change func(*meta.Identity)
		want   error
	}{
		"itself":                   {func(*meta.Identity) {}, nil},
		"a tick later":             {func(id *meta.Identity) { id.Start = later(1) }, nil},
		"another start":            {func(id *meta.Identity) { id.Start = later(2) }, meta.ErrNoProcess},
		"an earlier start":         {func(id *meta.Identity) { id.Start = later(-2) }, meta.ErrNoProcess},
		"no start":                 {func(id *meta.Identity) { id.Start = "" }, nil},
		"a start that is none":     {func(id *meta.Identity) { id.Start = "soon" }, nil},
		"another clock":            {func(id *meta.Identity) { id.Start, id.TimeNamespace = later(1000), "1" }, nil},
		"an unknown clock":         {func(id *meta.Identity) { id.Start, id.TimeNamespace = later(1000), "" }, unknownClock},
		"another boot":             {func(id *meta.Identity) { id.BootID = "else" }, meta.ErrElsewhere},
		"an unknown boot":          {func(id *meta.Identity) { id.BootID = "" }, meta.ErrElsewhere},
		"another machine":          {func(id *meta.Identity) { id.MachineID = "else" }, meta.ErrElsewhere},
		"another PID namespace":    {func(id *meta.Identity) { id.PIDNamespace = "1" }, meta.ErrElsewhere},
		"an unknown PID namespace": {func(id *meta.Identity) { id.PIDNamespace = "" }, unknownPIDs},
	} {
		id := self
		c.change(&id)
		e, err := meta.WatchProcess(id)
		if err == nil {
			if isTold(e) {
				t.Errorf("%s: told of an end", name)
			}
			e.Close()
		}
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for _, pid := range []int{0, -1} {
		id := self
		id.PID = pid
		if _, err := meta.WatchProcess(id); err == nil || errors.Is(err, meta.ErrNoProcess) {
			t.Errorf("pid %d: %v", pid, err)
		}
	}
}

func TestCloseWhileTheProcessEnds(t *testing.T) {
	cmd := start(t, "wait", nil)
	id := of(t, cmd.Process.Pid)
	var users sync.WaitGroup
	for i := range 50 {
		e, err := meta.WatchProcess(id)
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			users.Go(func() { <-e.C(); e.Close() })
			continue
		}
		for range 2 {
			users.Go(func() {
				e.Close()
				before := isTold(e)
				if after := isTold(e); before != after {
					t.Error("told after Close")
				}
			})
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	users.Wait()
}
