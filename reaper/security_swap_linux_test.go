package reaper_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/internal/fsys"
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
	actSoft = act{"soft lock", func(p *player, path string) { takesAndLets(lock.NewSoft(path, lock.InHost(p.host))) }}
	actFile = act{"hard lock", func(p *player, path string) { takesAndLets(lock.NewFile(path, lock.InHost(p.host))) }}
	actFull = act{"soft lock on a full disk", func(p *player, path string) {
		p.host.FS = fullFS{p.host.FS}
		takesAndLets(lock.NewSoft(path, lock.InHost(p.host)))
	}}
	actShared = act{"shared lock", func(p *player, path string) { takesAndLets(lock.NewFile(path, lock.InHost(p.host)).RLocker()) }}
)

// fullFS has no room for what is written.
type fullFS struct{ fsys.FS }

func (f fullFS) At(path string) fsys.Dir { return fullDir{f.FS.At(path)} }

type fullDir struct{ fsys.Dir }

func (d fullDir) Create(name string, perm os.FileMode) (fsys.File, error) {
	f, err := d.Dir.Create(name, perm)
	if err != nil {
		return nil, err
	}
	return fullFile{f}, nil
}

type fullFile struct{ fsys.File }

func (f fullFile) Write([]byte) error {
	return errors.Join(f.File.Write(nil), &fs.PathError{Op: "write", Path: "full", Err: unix.ENOSPC})
}

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

// A swap replaces the lock file, away from the victim's eyes.
type swap struct {
	name string
	put  func(t *testing.T, path, victim string) // victim is a directory of files that are not to change
}

// swaps are what an attacker who may write in the directory puts where the lock
// file was. (It is moved away, so that descriptors go on leading to it.)
var swaps = []swap{
	{"link to data", func(t *testing.T, path, victim string) { must(t, os.Symlink(filepath.Join(victim, "data"), path)) }},
	{"link to an empty file", func(t *testing.T, path, victim string) { must(t, os.Symlink(filepath.Join(victim, "empty"), path)) }},
	{"link to a dead lock", func(t *testing.T, path, victim string) { must(t, os.Symlink(filepath.Join(victim, "dead"), path)) }},
	{"link to nothing", func(t *testing.T, path, victim string) { must(t, os.Symlink(filepath.Join(victim, "none"), path)) }},
	{"link to a descriptor", func(t *testing.T, path, victim string) { must(t, os.Symlink("/proc/self/fd/0", path)) }},
	{"link to a directory", func(t *testing.T, path, victim string) { must(t, os.Symlink(victim, path)) }},
	{"hard link to data", func(t *testing.T, path, victim string) { must(t, os.Link(filepath.Join(victim, "data"), path)) }},
	{"hard link to an empty file", func(t *testing.T, path, victim string) { must(t, os.Link(filepath.Join(victim, "empty"), path)) }},
	{"hard link to a dead lock", func(t *testing.T, path, victim string) { must(t, os.Link(filepath.Join(victim, "dead"), path)) }},
	{"directory", func(t *testing.T, path, victim string) { must(t, os.Mkdir(path, 0o755)) }},
	{"FIFO", func(t *testing.T, path, victim string) { must(t, unix.Mkfifo(path, 0o666)) }},
	{"sparse file of 1 TiB", func(t *testing.T, path, victim string) {
		write(t, path, nil)
		must(t, os.Truncate(path, 1<<40))
	}},
	{"nothing", func(t *testing.T, path, victim string) {}},
}

// victimDir holds files of one who has nothing to do with the lock.
func victimDir(t *testing.T, top string, dead []byte) string {
	t.Helper()
	victim := filepath.Join(top, "victim")
	must(t, os.Mkdir(victim, 0o755))
	write(t, filepath.Join(victim, "data"), []byte("PASSWORD=secret\n"))
	write(t, filepath.Join(victim, "empty"), nil)
	write(t, filepath.Join(victim, "dead"), dead)
	return victim
}

// swapping replaces the lock file before each call of an act in turn, whatever
// was there at first, and checks that the victim's files stay as they are and
// that the act ends.
func swapping(t *testing.T, a act, what swap, first, dead []byte) {
	t.Helper()
	top := quickDir(t)
	victim := victimDir(t, top, dead)
	work := filepath.Join(top, "work")
	before := snapshot(t, victim)
	atEveryCall(t, a, 0, func(t *testing.T) string {
		must(t, os.RemoveAll(work))
		must(t, os.Mkdir(work, 0o755))
		must(t, os.Chmod(work, 0o777)) // the attacker may write there
		path := filepath.Join(work, "job.lock")
		if first != nil {
			write(t, path, first)
		}
		return path
	}, func(t *testing.T, path string) {
		if err := os.Rename(path, path+".away"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		what.put(t, path, victim)
	}, func(t *testing.T, call string) {
		if after := snapshot(t, victim); after != before {
			t.Fatalf("%s put there before %s: the victim's files are now\n%s\nbefore:\n%s", what.name, call, after, before)
		}
	})
}

// Everything that can be put at the path, at every call of everything that can
// be done with it.
func TestTheLockFileReplacedAtEveryStep(t *testing.T) {
	dead := encode(t, recordOf(ended(t)))
	for _, a := range []act{actSoft, actFile, actShared, actBreak, actForce, actReap, actReapDir, actInspect} {
		for _, what := range swaps {
			t.Run(a.name+"/"+what.name, func(t *testing.T) {
				swapping(t, a, what, dead, dead)
				if a.name == actSoft.name || a.name == actFile.name {
					swapping(t, a, what, nil, dead)
				}
			})
		}
	}
}

// The same with a directory above. What takes a lock by its path takes it where
// the path leads at each call; the victim's file of that name is left alone, but
// for one instant, which the documentation names: between the check and the
// unlink of a release (or of what could not be written).
func TestADirectoryAboveSwappedWhileALockIsTaken(t *testing.T) {
	dead := encode(t, recordOf(ended(t)))
	for _, first := range []string{"none", "dead"} {
		for _, a := range []act{actSoft, actFull, actFile, actShared} {
			for _, name := range []string{"data", "live"} {
				t.Run(first+"/"+a.name+"/"+name, func(t *testing.T) {
					top := quickDir(t)
					victim, work := filepath.Join(top, "victim"), filepath.Join(top, "work")
					must(t, os.Mkdir(victim, 0o755))
					its := filepath.Join(victim, "job.lock")
					fill := func() {
						if name == "live" {
							owner(t, its)
						} else {
							write(t, its, []byte("PASSWORD=secret\n"))
						}
					}
					fill()
					before := snapshot(t, victim)
					instants := 0
					atEveryCall(t, a, 0, func(t *testing.T) string {
						must(t, os.RemoveAll(work))
						must(t, os.RemoveAll(work+".away"))
						must(t, os.Mkdir(work, 0o755))
						if first == "dead" {
							write(t, filepath.Join(work, "job.lock"), dead)
						}
						return filepath.Join(work, "job.lock")
					}, func(t *testing.T, path string) {
						must(t, os.Rename(work, work+".away"))
						must(t, os.Symlink(victim, work))
					}, func(t *testing.T, call string) {
						after := snapshot(t, victim)
						if after == before {
							return
						}
						instants++
						if !strings.HasSuffix(call, ": unlink") || instants > 1 || a.name == actFile.name || a.name == actShared.name {
							t.Fatalf("swapped before %s: the victim's directory is now\n%s\nbefore:\n%s", call, after, before)
						}
						fill()
						before = snapshot(t, victim)
					})
				})
			}
		}
	}
}

// Who owns the dead lock's file (or may write in a directory without the sticky
// bit) can move it away while it is being broken, against the protocol, and the
// next owner then takes the lock at once. That owner's file is safe at every
// call but one: no system has an unlink that looks first. It learns that it
// lost the lock.
func TestALockMovedAwayWhileItIsBrokenExposesTheNextForOneCall(t *testing.T) {
	dead := encode(t, recordOf(ended(t)))
	for _, a := range []act{actBreak, actReap, actReapDir, actSoft} {
		t.Run(a.name, func(t *testing.T) {
			top := quickDir(t)
			path := filepath.Join(top, "locks", "job.lock")
			exposed := 0
			var next *lock.Soft
			atEveryCall(t, a, 0, func(t *testing.T) string {
				must(t, os.RemoveAll(filepath.Dir(path)))
				must(t, os.Mkdir(filepath.Dir(path), 0o755))
				write(t, path, dead)
				return path
			}, func(t *testing.T, path string) {
				if err := os.Rename(path, filepath.Join(top, "away")); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
				next = lock.NewSoft(path)
				must(t, next.TryLock())
			}, func(t *testing.T, call string) {
				switch err := next.Unlock(); {
				case err == nil:
				case errors.Is(err, lock.ErrLost) && strings.HasSuffix(call, ": unlink"):
					exposed++
				default:
					t.Errorf("moved away before %s: the next owner: %v", call, err)
				}
			})
			most := 1
			if a.name == actSoft.name {
				most = 2 // and that of its own release
			}
			if exposed > most {
				t.Errorf("the next owner was exposed at %d calls, want %d at most", exposed, most)
			}
		})
	}
}
