package reaper_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/reaper"
)

// An act is what the victim does with the lock at path while the attacker
// changes what the path means.
type act struct {
	name string
	do   func(p *player, path string)
}

func takesAndLets(l lock.Locker) {
	if l.TryLock() == nil {
		_ = l.Unlock() // its result is another test's
	}
}

var (
	actBreak = act{"break", func(p *player, path string) {
		_, _ = reaper.In(p.host).Break(context.Background(), path, reaper.Options{})
	}}
	actForce = act{"break by force", func(p *player, path string) {
		_, _ = reaper.In(p.host).Break(context.Background(), path, reaper.Options{Force: true})
	}}
	actReap = act{"reap the lock", func(p *player, path string) {
		for range reaper.In(p.host).Reap(context.Background(), path, reaper.Options{}) {
		}
	}}
	actReapDir = act{"reap the directory", func(p *player, path string) {
		for range reaper.In(p.host).Reap(context.Background(), filepath.Dir(path), reaper.Options{}) {
		}
	}}
	actInspect = act{"inspect", func(p *player, path string) {
		_, _ = reaper.In(p.host).Inspect(context.Background(), path)
	}}
	actSoft   = act{"soft lock", func(p *player, path string) { takesAndLets(lock.NewSoft(path, lock.InHost(p.host))) }}
	actFile   = act{"hard lock", func(p *player, path string) { takesAndLets(lock.NewFile(path, lock.InHost(p.host))) }}
	actShared = act{"shared lock", func(p *player, path string) { takesAndLets(lock.NewFile(path, lock.InHost(p.host)).RLocker()) }}
)

// atEveryCall plays an act once for every call it makes to the filesystem after
// it has opened so many directories: set prepares, and the attacker's move is
// made just before that call. check is told which call that was.
func atEveryCall(t *testing.T, a act, opened int, set func(t *testing.T) (path string), move func(t *testing.T, path string), check func(t *testing.T, call string)) {
	t.Helper()
	for n := 0; ; n++ {
		path := set(t)
		p := newPlayer()
		p.play(func() { a.do(p, path) })
		for left := opened; left > 0 && !p.over; p.step(1) {
			if p.call == "opendir" {
				left--
			}
		}
		p.step(n)
		call, over := p.call, p.over
		if over {
			call = "the end"
		}
		move(t, path)
		p.finish()
		check(t, fmt.Sprintf("%s, call %d: %s", a.name, n+1, call))
		if over {
			if n < 2 {
				t.Fatalf("%s: only %d calls were seen", a.name, n)
			}
			return
		}
		if n > 500 {
			t.Fatal("it does not end")
		}
	}
}

// A directory above the lock is replaced by a link to a victim's, which has a
// file of the same name, while the lock is judged and broken. The victim's is
// unfinished, dead or locked as the judged one was: nothing but the directory
// tells them apart, and it is left alone. (Before the directory is opened, the
// path means what it means then.)
func TestADirectoryAboveSwappedBetweenJudgingAndBreaking(t *testing.T) {
	dead := encode(t, recordOf(ended(t)))
	for name, contents := range map[string][]byte{"dead": dead, "unfinished": nil} {
		for _, a := range []act{actBreak, actForce, actReap, actReapDir, actInspect} {
			t.Run(name+"/"+a.name, func(t *testing.T) {
				top := quickDir(t)
				work, victim := filepath.Join(top, "work"), filepath.Join(top, "victim")
				must(t, os.Mkdir(victim, 0o755))
				write(t, filepath.Join(victim, "job.lock"), contents)
				before := snapshot(t, victim)
				broken := 0
				opened := 1
				if a.name == actReapDir.name { // the one above it first, to see what it is
					opened = 2
				}
				atEveryCall(t, a, opened, func(t *testing.T) string {
					must(t, os.RemoveAll(work))
					must(t, os.RemoveAll(work+".away"))
					must(t, os.Mkdir(work, 0o755))
					path := filepath.Join(work, "job.lock")
					write(t, path, contents)
					return path
				}, func(t *testing.T, path string) {
					must(t, os.Rename(work, work+".away"))
					must(t, os.Symlink(victim, work))
				}, func(t *testing.T, call string) {
					if after := snapshot(t, victim); after != before {
						t.Fatalf("swapped before %s: the victim's directory is now\n%s\nbefore:\n%s", call, after, before)
					}
					if _, err := os.Lstat(filepath.Join(work+".away", "job.lock")); err != nil {
						broken++
					}
				})
				if broken == 0 && a.name == actBreak.name {
					t.Error("nothing was ever broken: the test proves nothing")
				}
			})
		}
	}
}
