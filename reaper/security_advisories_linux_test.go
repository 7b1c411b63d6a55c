package reaper_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/reaper"
)

// Attacks that were published against other lock files, Python's filelock above
// all, each tried on this one.

// CVE-2025-68146: a link put at the path before the open has its target
// truncated or written.
func TestSymlinkTruncationCVE202568146(t *testing.T) {
	dead := encode(t, recordOf(ended(t)))
	withMode := act{"hard lock with a mode", func(p *player, path string) {
		takesAndLets(lock.NewFile(path, lock.InHost(p.host), lock.WithMode(0o666)))
	}}
	for _, a := range []act{actFile, actShared, withMode} {
		for _, what := range swaps {
			if strings.Contains(what.name, "link to") {
				t.Run(a.name+"/"+what.name, func(t *testing.T) { swapping(t, a, what, nil, dead) })
			}
		}
	}
}

// CVE-2026-22701: the same between a soft lock's check and its creation.
func TestSoftLockSymlinkRaceCVE202622701(t *testing.T) {
	dead := encode(t, recordOf(ended(t)))
	withMode := act{"soft lock with a mode", func(p *player, path string) {
		takesAndLets(lock.NewSoft(path, lock.InHost(p.host), lock.WithMode(0o666)))
	}}
	for _, a := range []act{actSoft, withMode} {
		for _, what := range swaps {
			if strings.Contains(what.name, "link to") {
				t.Run(a.name+"/"+what.name, func(t *testing.T) { swapping(t, a, what, nil, dead) })
			}
		}
	}
}

// What a link's target says of itself (that it is a directory, or may not be
// written) is not told: all links are refused alike.
func TestALinkTellsNothingAboutItsTarget(t *testing.T) {
	nobody := unprivileged(t)
	dir := publicDir(t, 0o777)
	path, target := filepath.Join(dir, "job.lock"), filepath.Join(dir, "target")
	must(t, os.Symlink("target", path))
	said := map[string]string{}
	for name, put := range map[string]func(){
		"nothing":     func() {},
		"a secret":    func() { write(t, target, []byte("secret")); must(t, os.Chmod(target, 0)) },
		"a file":      func() { write(t, target, nil); must(t, os.Chmod(target, 0o666)) },
		"a directory": func() { must(t, os.Mkdir(target, 0o700)) },
	} {
		must(t, os.RemoveAll(target))
		put()
		for _, do := range []string{"soft", "file", "shared"} {
			r := nobody.order(t, "try", do, path)
			if before, ok := said[do]; ok && before != r.Err || !r.is("ErrIrregular") {
				t.Errorf("%s, link to %s: %q, to another %q", do, name, r.Err, before)
			}
			said[do] = r.Err
		}
	}
}

// Pull requests 550 and 551: a lock that looks old (or is replaced by a link to
// something old) is broken although its owner lives. No time decides here.
func TestAnOldTimeProvesNothing(t *testing.T) {
	long := time.Unix(1, 0)
	for _, kind := range []string{"soft", "granted"} {
		path := tempLock(t)
		p := start(t)
		rule := reaper.RuleKernelLockHeld
		if kind == "soft" {
			hold(t, p, "soft", path)
		} else {
			grant(t, p, path)
			rule = reaper.RuleProcessAlive
		}
		must(t, os.Chtimes(path, long, long))
		isAlive(t, self(), path, rule)
		for out := range reaper.Reap(t.Context(), filepath.Dir(path), reaper.Options{}) {
			if out.Action != reaper.Kept {
				t.Errorf("%s: %s %v", kind, out.Action, out.Err)
			}
		}
	}
}

// Pull request 561: between the verdict and the removal the dead lock is gone
// and a live one in its place, with the same times and, where the filesystem
// gives it again, the same inode number. The other owner took it by the protocol
// here, at every call.
func TestAStaleBreakOfALiveLockWithTheSameTimesAndInode(t *testing.T) {
	dead := encode(t, recordOf(ended(t)))
	for _, a := range []act{actBreak, actReap, actReapDir, actSoft} {
		t.Run(a.name, func(t *testing.T) {
			dir := filepath.Dir(tempLock(t)) // on a disk, where inode numbers come again
			same, live := 0, 0
			var now *lock.Soft
			var file string
			atEveryCall(t, a, 0, func(t *testing.T) string {
				file = filepath.Join(dir, "job.lock")
				must(t, os.RemoveAll(file))
				write(t, file, dead)
				return file
			}, func(t *testing.T, path string) {
				var was, is unix.Stat_t
				had := unix.Lstat(path, &was) == nil
				now = lock.NewSoft(path)
				if now.TryLock() != nil {
					now = nil // the act has its kernel lock, or the lock itself
					return
				}
				live++
				if had {
					times := []unix.Timespec{was.Atim, was.Mtim}
					must(t, unix.UtimesNanoAt(unix.AT_FDCWD, path, times, 0))
					must(t, unix.Lstat(path, &is))
					if is.Ino == was.Ino {
						same++
					}
				}
			}, func(t *testing.T, call string) {
				if now == nil {
					return
				}
				if _, err := os.Lstat(file); err != nil {
					t.Errorf("before %s: the live lock is gone: %v", call, err)
				}
				if err := now.Unlock(); err != nil {
					t.Errorf("before %s: the owner lost its lock: %v", call, err)
				}
			})
			t.Logf("a live lock %d times, %d of them with the inode number of the dead one", live, same)
			if live == 0 {
				t.Error("nobody ever took the lock in between: the test proves nothing")
			}
		})
	}
}

// Pull requests 548, 549, 588 and 597: a FIFO at the path, with a writer and
// something in it, blocks who reads it or is never understood. Here it is an
// error at once, and nothing is read from it.
func TestAPlantedFIFOWithAWriter(t *testing.T) {
	path := tempLock(t)
	must(t, unix.Mkfifo(path, 0o666))
	fifo, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer func() { _ = fifo.Close() }()
	_, err = fifo.WriteString("123\nhost\n")
	must(t, err)
	const irregular = "*fs.PathError ErrIrregular"
	spring(t, self(), trap{inspect: irregular, soft: irregular, file: irregular}, filepath.Dir(path), path)
	b := make([]byte, 100)
	if n, err := fifo.Read(b); err != nil || string(b[:n]) != "123\nhost\n" {
		t.Errorf("left in the FIFO: %q, %v", b[:n], err)
	}
}

// Pull request 576: the lock is moved aside to a name that can be guessed, and
// what an attacker put there is taken for it. Here no other name is used: not
// one more is in the directory at any call.
func TestABreakUsesNoNameThatCouldBePlanted(t *testing.T) {
	dead := encode(t, recordOf(ended(t)))
	for _, a := range []act{actBreak, actForce, actReap, actReapDir, actSoft, actFile} {
		dir := quickDir(t)
		atEveryCall(t, a, 0, func(t *testing.T) string {
			path := filepath.Join(dir, "job.lock")
			write(t, path, dead)
			return path
		}, func(t *testing.T, path string) {
			entries, err := os.ReadDir(dir)
			must(t, err)
			if len(entries) > 1 || len(entries) == 1 && entries[0].Name() != "job.lock" {
				t.Errorf("%s: in the directory: %v", a.name, entries)
			}
		}, func(*testing.T, string) {})
	}
}

// A reader can lock the file that it may read, and so have the lock look held:
// flock(2) asks for no more. It ends when the reader does, never by force, and
// who cannot open the file cannot do it (WithMode, or a directory of one's own).
func TestWhoMayReadMayHoldALockUp(t *testing.T) {
	nobody := unprivileged(t)
	dir := publicDir(t, 0o755)
	path := filepath.Join(dir, "job.lock")
	needSoft(t, path)
	for _, mode := range []string{"shared", "exclusive"} {
		write(t, path, encode(t, recordOf(ended(t))))
		obeys(t, nobody, "flock", path, mode)
		for _, kind := range []string{"soft", "file"} {
			if r := self().order(t, "try", kind, path); !r.is("ErrHeld") {
				t.Errorf("%s, while a reader has it %s: %q, want ErrHeld", kind, mode, r.Err)
			}
		}
		for _, force := range []string{"", "force"} {
			if r := self().order(t, "break", path, "", force); !r.is("ErrRefused") {
				t.Errorf("break %s, while a reader has it %s: %q, want ErrRefused", force, mode, r.Err)
			}
		}
		obeys(t, nobody, "unflock", path)
		if r := self().order(t, "try", "soft", path); r.Err != "" {
			t.Errorf("after the reader: %s", r.Err)
		}
		write(t, path, encode(t, recordOf(ended(t))))
		must(t, os.Chmod(path, 0o600))
		if r := nobody.order(t, "flock", path, mode); !r.is("fs.ErrPermission") {
			t.Errorf("who may not read locks it: %q", r.Err)
		}
		must(t, os.Remove(path))
	}
}

// The same in the instant in which a lock is created and not yet locked: the
// creator gives up, says that the lock is held, and leaves nothing that wedges.
func TestAReaderThatLocksWhatIsBeingCreated(t *testing.T) {
	path := filepath.Join(quickDir(t), "job.lock")
	p := newPlayer()
	var err error
	p.play(func() { err = lock.NewSoft(path, lock.InHost(p.host)).TryLock() })
	for p.call != "lock" && !p.over {
		p.step(1)
	}
	f, ferr := fsys.Real.At(filepath.Dir(path)).Open("job.lock", fsys.OpenRead)
	must(t, ferr)
	must(t, f.TryLock(fsys.Shared))
	p.finish()
	if !errors.Is(err, lock.ErrHeld) {
		t.Errorf("%v, want ErrHeld", err)
	}
	must(t, f.Close())
	if r := self().order(t, "try", "soft", path); r.Err != "" {
		t.Errorf("after the reader: %s", r.Err)
	}
}

// The token is in the file for all to read. It is no password: what counts is
// the right to remove the file.
func TestTheTokenIsNoPassword(t *testing.T) {
	nobody := unprivileged(t)
	dir := publicDir(t, 0o755)
	path := filepath.Join(dir, "job.lock")
	needSoft(t, path)
	token := grant(t, self(), path)
	for _, force := range []string{"", "force"} {
		if r := nobody.order(t, "break", path, token, force); !r.is("fs.ErrPermission") {
			t.Errorf("break with the token %s: %q, want it denied", force, r.Err)
		}
	}
	isAlive(t, self(), path, reaper.RuleProcessAlive)
}

func init() {
	// flock PATH MODE: as any program can, with a descriptor for reading.
	deeds["flock"] = func(_ *scene, args []string) (answer, error) {
		f, err := os.Open(args[0])
		if err != nil {
			return answer{}, err
		}
		how := unix.LOCK_SH
		if args[1] == "exclusive" {
			how = unix.LOCK_EX
		}
		flocked[args[0]] = f
		return answer{}, unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
	}
	// unflock PATH
	deeds["unflock"] = func(_ *scene, args []string) (answer, error) { return answer{}, flocked[args[0]].Close() }
}

var flocked = map[string]*os.File{}
