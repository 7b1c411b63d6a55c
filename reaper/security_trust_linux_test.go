package reaper_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

const (
	victimUID   = 65532
	attackerUID = 65533
)

func init() {
	// overwrite PATH CONTENTS: in place, as anybody who may write the file can.
	deeds["overwrite"] = func(_ *scene, args []string) (answer, error) {
		f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_TRUNC, 0)
		if err != nil {
			return answer{}, err
		}
		_, err = f.WriteString(args[1])
		return answer{}, errors.Join(err, f.Close())
	}
	// plant PATH CONTENTS
	deeds["plant"] = func(_ *scene, args []string) (answer, error) {
		return answer{}, os.WriteFile(args[0], []byte(args[1]), 0o644)
	}
	// remove PATH
	deeds["remove"] = func(_ *scene, args []string) (answer, error) { return answer{}, os.Remove(args[0]) }
}

// lies are what a live owner's record is replaced by.
func lies(t *testing.T, path string) map[string]string {
	gone := recordOf(ended(t))
	held := claiming(t, path, recordOf(ended(t)))
	hard := recordOf(ended(t))
	hard.Kind = meta.KindFile
	whole := string(encode(t, gone))
	return map[string]string{
		"a dead process":     whole,
		"a free kernel lock": string(encode(t, held)),
		"half a record":      whole[:40],
		"nothing":            "",
		"a free hard lock":   string(encode(t, hard)),
	}
}

// rootTries breaks what is at path in every way that rests on what the file says.
func rootTries(t *testing.T, path string, each func(how string, err error)) {
	t.Helper()
	for _, dry := range []bool{true, false} {
		for _, at := range []string{path, filepath.Dir(path)} {
			for out := range reaper.Reap(context.Background(), at, reaper.Options{DryRun: dry}) {
				if out.Action != reaper.Kept {
					each(fmt.Sprintf("reap %q: %s", at, out.Action), out.Err)
				}
			}
		}
	}
	_, err := reaper.Break(context.Background(), path, reaper.Options{})
	each("break", err)
	each("soft lock", newLocker("soft", path).TryLock())
}

// The lock of a live shell script, in a sticky directory, writable for everybody
// by its owner's will. Others may write it and not remove it, and root is not
// their tool.
func TestRootBelievesNoRecordThatEverybodyMayWrite(t *testing.T) {
	attacker := startAs(t, attackerUID)
	victim := startAs(t, victimUID)
	for _, mode := range []os.FileMode{0o777 | os.ModeSticky, 0o755} {
		dir := publicDir(t, 0o777)
		path := filepath.Join(dir, "job.lock")
		grant(t, victim, path)
		must(t, os.Chmod(path, 0o666))
		must(t, os.Chmod(dir, mode))
		for name, lie := range lies(t, path) {
			t.Run(fmt.Sprint(mode, " ", name), func(t *testing.T) {
				obeys(t, attacker, "overwrite", path, lie)
				if r := attacker.order(t, "remove", path); !r.is("fs.ErrPermission") {
					t.Fatalf("the attacker needs nobody to remove it: %q", r.Err)
				}
				rootTries(t, path, func(how string, err error) {
					if name == "a free hard lock" && how == "break" && err == nil {
						return // a hard lock's file is none of its business
					}
					if !errors.Is(err, reaper.ErrForgeable) || !errors.Is(err, fs.ErrPermission) {
						t.Errorf("%s: %v, want ErrForgeable", how, err)
					}
				})
				if _, err := os.Lstat(path); err != nil {
					t.Fatalf("the victim's lock is gone: %v", err)
				}
			})
		}
		if _, err := reaper.Break(t.Context(), path, reaper.Options{Force: true}); err != nil {
			t.Errorf("on root's own word: %v", err)
		}
	}
}

// What root is for: the locks that users left in a directory like /tmp.
func TestRootReapsWhatUsersLeftInAStickyDirectory(t *testing.T) {
	needRoot(t)
	dir := publicDir(t, 0o777|os.ModeSticky)
	var want []string
	for _, uid := range []int{0, victimUID, attackerUID} {
		p := another(t, self(), uid)
		path := filepath.Join(dir, fmt.Sprint(uid))
		hold(t, p, "soft", path)
		grant(t, p, path+".granted")
		p.end(t)
		want = append(want, path, path+".granted")
	}
	// Writable for everybody, in a directory where everybody may remove it.
	open := publicDir(t, 0o777)
	path := filepath.Join(open, "job.lock")
	p := another(t, self(), victimUID)
	hold(t, p, "soft", path)
	p.end(t)
	must(t, os.Chmod(path, 0o666))
	want = append(want, path)
	for _, d := range []string{dir, open} {
		for out := range reaper.Reap(t.Context(), d, reaper.Options{}) {
			if out.Action != reaper.Broken {
				t.Errorf("%s: %s %v", out.Path, out.Action, out.Err)
			}
		}
	}
	for _, path := range want {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
}

// Whatever a user says in files of their own, names of files of others or other
// processes: root removes the user's files, and no other.
func TestForgedRecordsHaveRootRemoveTheForgersFilesOnly(t *testing.T) {
	attacker := startAs(t, attackerUID)
	dir := publicDir(t, 0o777|os.ModeSticky)
	live := filepath.Join(dir, "live")
	victim := startAs(t, victimUID)
	hold(t, victim, "soft", live)
	granted := filepath.Join(dir, "granted")
	grant(t, victim, granted)
	data := filepath.Join(dir, "data")
	write(t, data, []byte("data"))
	b, err := os.ReadFile(live)
	must(t, err)
	obeys(t, attacker, "plant", filepath.Join(dir, "copy of a live one"), string(b))
	for name, lie := range lies(t, live) { // with the live lock's own inode among them
		obeys(t, attacker, "plant", filepath.Join(dir, "forged: "+name), lie)
	}
	// This very process's instance, which is in every lock file it writes.
	own := recordOf(meta.Self())
	obeys(t, attacker, "plant", filepath.Join(dir, "own process"), string(encode(t, own)))
	before := map[string]string{}
	for _, path := range []string{live, granted, data} {
		before[path], err = fileText(path)
		must(t, err)
	}
	for out := range reaper.Reap(t.Context(), dir, reaper.Options{}) {
		if out.Err != nil {
			t.Errorf("%s: %v", out.Path, out.Err)
		}
	}
	for path, text := range before {
		if now, err := fileText(path); now != text {
			t.Errorf("%s is now %q (%v), before %q", path, now, err, text)
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, "own process")); err == nil {
		t.Error("nothing was reaped: the test proves nothing")
	}
	if r := victim.order(t, "release", live); r.Err != "" {
		t.Errorf("the victim lost its lock: %s", r.Err)
	}
}

// A hard link to a victim's file that holds a dead record, where hard links to
// the files of others are allowed: the planted name goes, the file does not.
func TestAPlantedHardLinkTakesNothingWithIt(t *testing.T) {
	dir, elsewhere := publicDir(t, 0o777|os.ModeSticky), publicDir(t, 0o755)
	victim := filepath.Join(elsewhere, "victim")
	write(t, victim, encode(t, recordOf(ended(t))))
	before, err := os.ReadFile(victim)
	must(t, err)
	must(t, os.Link(victim, filepath.Join(dir, "planted")))
	for out := range reaper.Reap(t.Context(), dir, reaper.Options{}) {
		if out.Action != reaper.Broken {
			t.Errorf("%s %v", out.Action, out.Err)
		}
	}
	if after, err := os.ReadFile(victim); err != nil || string(after) != string(before) {
		t.Errorf("the victim's file is %q, %v", after, err)
	}
}

func startAs(t *testing.T, uid uint32) *process {
	t.Helper()
	needRoot(t)
	return start(t, as(t, uid))
}
