package reaper_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// An observer that is stopped between its look at the file and its look at the
// clock, for longer than the lease, has seen nothing of what the owner did
// meanwhile: it neither breaks the lock nor takes it, whatever guards the file.
func TestAnObserverThatIsStoppedInALookProvesNothing(t *testing.T) {
	for way, does := range map[string]func(s *netStage, p *player, network bool) error{
		"break": func(s *netStage, p *player, network bool) error {
			_, err := reaper.In(p.host).AsNetwork(network).Break(context.Background(), s.path, reaper.Options{})
			return err
		},
		"take": func(s *netStage, p *player, network bool) error {
			opts := []lock.Option{lock.InHost(p.host)}
			if network {
				opts = append(opts, lock.WithNetwork())
			}
			return lock.NewSoft(s.path, opts...).TryLock()
		},
		"take hard": func(s *netStage, p *player, _ bool) error {
			l := lock.NewFile(s.path, lock.InHost(p.host))
			err := l.TryLock()
			if err == nil {
				must(t, l.Unlock())
			}
			return err
		},
	} {
		for name, network := range map[string]bool{"local": false, "network": true} {
			t.Run(way+", "+name, func(t *testing.T) {
				w := newWatcher(t, watchTerm)
				stop, last := false, ""
				p := w.s.freeMachine(1)
				w.p.host.FS = steppedFS{fsys.Real, func(call string) {
					if stop && last == "fstat" { // it knows the times of the file
						stop = false
						w.s.now += watchTerm + watchMargin
						w.touch()
					}
					last = call
				}}
				w.p.host.Self = p.host.Self
				look := func() {
					_, err := reaper.In(w.p.host).AsNetwork(network).Inspect(context.Background(), w.s.path)
					must(t, err)
					w.s.now += time.Second
				}
				look()
				look()
				before, err := os.ReadFile(w.s.path)
				must(t, err)
				stop = true
				if err := does(w.s, w.p, network); !errors.Is(err, reaper.ErrRefused) && !errors.Is(err, lock.ErrHeld) {
					t.Errorf("a lock that was renewed just now: %v", err)
				}
				if after, err := os.ReadFile(w.s.path); err != nil || string(after) != string(before) {
					t.Errorf("the file was removed: %v, %q", err, after)
				}
				if stop {
					t.Error("it did not look")
				}
				if meta.Parse(before).Record.LeaseMS == 0 {
					t.Error("there is no lease")
				}
			})
		}
	}
}
