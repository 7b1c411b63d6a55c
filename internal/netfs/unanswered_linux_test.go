package netfs

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/reaper"
)

func init() {
	scenarios = append(scenarios, scenario{"a mount that does not answer", []string{"ci", "lock", "unanswered"}, nothingAnswers, 15})

	// asks DIR: when it is told to, asks about a lock in every way that does not
	// wait for it, and says how long that took.
	roles["asks"] = func(args []string) error {
		path := args[0] + "/job.lock"
		fmt.Println("ready")
		if _, err := fmt.Scanln(new(string)); err != nil {
			return err
		}
		var all sync.WaitGroup
		for name, ask := range map[string]func() error{
			"TryLock": func() error { return lock.NewSoft(path).TryLock() },
			"File":    func() error { return lock.NewFile(path).TryLock() },
			"Inspect": func() error { _, err := reaper.Inspect(context.Background(), path); return err },
			"Scan": func() (err error) {
				for _, err = range reaper.Scan(context.Background(), args[0], reaper.Options{}) {
				}
				return err
			},
		} {
			all.Go(func() {
				start := time.Now()
				err := ask()
				fmt.Printf("asked %s %d %q\n", name, time.Since(start).Milliseconds(), fmt.Sprint(err))
			})
		}
		all.Wait()
		fmt.Println("through")
		return nil
	}
}

// Where the server does not answer, who only asks is told so within the patience
// of 10 s and some, and does not hang.
func nothingAnswers(t *testing.T, r *Rig) {
	c := r.Clients[0]
	p := c.Role(t, "asks", clientDir)
	p.Awaits(t, "ready")
	c.Cut()
	p.Say(t, "go")
	p.Awaits(t, "through")
	c.Heal()
	asked := 0
	for line := range strings.Lines(p.Output()) {
		var name, err string
		var ms int
		if n, _ := fmt.Sscanf(line, "asked %s %d %q", &name, &ms, &err); n != 3 {
			continue
		}
		asked++
		t.Logf("%s after %d ms: %s", name, ms, err)
		if d := time.Duration(ms) * time.Millisecond; d > reaper.DefaultPatience+3*time.Second {
			t.Errorf("%s took %v, and is to give up after %v", name, d, reaper.DefaultPatience)
		}
		if err == "<nil>" {
			t.Errorf("%s says nothing of a server that does not answer", name)
		}
	}
	if asked != 4 {
		t.Errorf("%d of 4 have answered: %s", asked, p.Output())
	}
}
