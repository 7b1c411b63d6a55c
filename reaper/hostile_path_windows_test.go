package reaper_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/reaper"
)

// What Windows takes for a device, for another stream of the file or for the
// file of another name is refused, and nothing is opened.
func TestHostilePathsOfWindows(t *testing.T) {
	const invalid = "*fs.PathError fs.ErrInvalid"
	for _, path := range []string{
		`DIR\NUL`, `DIR\con`, `DIR\AUX.lock`, `DIR\com1`, `DIR\LPT9.txt`, `DIR\COM¹`, `DIR\CONIN$`, `DIR\prn .lock`,
		`DIR\job.lock:stream`, `DIR\job.lock::$DATA`, `DIR\job.lock:`,
		`DIR\job.lock.`, `DIR\job.lock `, `DIR\a?b`, `DIR\a*`, `DIR\a<b`, `DIR\a"b`, `DIR\a|b`, "DIR\\a\x01b",
		`NUL`, `\\.\NUL`, `\\.\pipe\filelock-test`, `\\.\PhysicalDrive0`, `\\?\GLOBALROOT\Device\Null`,
	} {
		t.Run(path, func(t *testing.T) {
			dir := filepath.Dir(tempLock(t))
			write(t, filepath.Join(dir, "job.lock"), encode(t, recordOf(ended(t)))) // what some of them would mean
			spring(t, self(), trap{inspect: invalid, soft: invalid, file: invalid}, dir, strings.Replace(path, "DIR", dir, 1))
		})
	}
}

// junction makes a directory that leads to another, for which no right is needed.
func junction(t *testing.T, to, path string) {
	t.Helper()
	emulation.SkipWine(t, "it has no reparse points")
	if out, err := exec.Command("cmd", "/c", "mklink", "/J", path, to).CombinedOutput(); err != nil {
		t.Skipf("mklink: %v: %s", err, out)
	}
}

func TestAJunctionInTheWayIsNoLock(t *testing.T) {
	dir := filepath.Dir(tempLock(t))
	must(t, os.Mkdir(filepath.Join(dir, "to"), 0o755))
	write(t, filepath.Join(dir, "to", "data"), []byte("data"))
	path := filepath.Join(dir, "job.lock")
	junction(t, filepath.Join(dir, "to"), path)
	const irregular = "*fs.PathError ErrIrregular"
	spring(t, self(), trap{inspect: irregular, soft: irregular, file: irregular}, dir, path)
}

func TestAScanFollowsNoJunction(t *testing.T) {
	dir, outside := filepath.Dir(tempLock(t)), filepath.Dir(tempLock(t))
	b := encode(t, recordOf(ended(t)))
	write(t, filepath.Join(outside, "out.lock"), b)
	write(t, filepath.Join(dir, "in.lock"), b)
	junction(t, outside, filepath.Join(dir, "elsewhere"))
	junction(t, dir, filepath.Join(dir, "loop"))
	wantFound(t, dir, reaper.Options{}, "in.lock")
	wantFound(t, dir, reaper.Options{Cross: true}, "in.lock")
	wantActions(t, dir, reaper.Options{}, map[string]reaper.Action{"in.lock": reaper.Broken})
	if _, err := os.Lstat(filepath.Join(outside, "out.lock")); err != nil {
		t.Errorf("outside the tree: %v", err)
	}
}

// Other programs make names that no lock can have, with the prefix that has
// Windows take a name as it is. They are said not to be looked at, and what they
// would be taken for is left alone.
func TestAScanOfNamesThatMeanAnother(t *testing.T) {
	dir := filepath.Dir(tempLock(t))
	dead := encode(t, recordOf(ended(t)))
	odd := []string{"job.lock.", "job.lock ", "NUL", "aux.lock"}
	made := 0
	for _, name := range odd {
		if err := os.WriteFile(`\\?\`+dir+`\`+name, dead, 0o644); err == nil {
			made++
		}
	}
	listed := len(listing(t, dir))
	if made == 0 || listed != made {
		t.Skipf("%d such files were made, and there are %d", made, listed) // a server, or Wine, that knows no such names
	}
	write(t, filepath.Join(dir, "job.lock"), encode(t, onThisFile(t, filepath.Join(dir, "job.lock"), recordOf(ended(t)))))
	found, errs := scan(t, dir, reaper.Options{})
	if len(found) != 1 || found[0] != "job.lock" || len(errs) != made {
		t.Errorf("found %q, errors %v; want job.lock, and %d errors", found, errs, made)
	}
	for o := range reaper.Reap(t.Context(), dir, reaper.Options{}) {
		if want := map[bool]reaper.Action{true: reaper.Broken, false: reaper.Failed}[filepath.Base(o.Path) == "job.lock"]; o.Action != want {
			t.Errorf("%q: %s, want %s", o.Path, o.Action, want)
		}
	}
	if left := listing(t, dir); len(left) != made {
		t.Errorf("%q are left, want the %d that are no locks'", left, made)
	}
}

// Names are UTF-16 on Windows, and need not be right; paths may be longer than
// MAX_PATH.
func TestAScanFindsLocksUnderOddNames(t *testing.T) {
	dir := filepath.Dir(tempLock(t))
	dead := encode(t, recordOf(ended(t)))
	names := []string{"schloß.lock", "замок", "鎖.lock", "\U0001f512.lock"}
	surrogate := "half\xed\xa0\xbd.lock" // the first half of a pair only
	if err := os.WriteFile(filepath.Join(dir, surrogate), dead, 0o644); err == nil && len(listing(t, dir)) == 1 && listing(t, dir)[0] == surrogate {
		names = append(names, surrogate)
	} else {
		t.Logf("no name with half a surrogate pair here: %v, %q", err, listing(t, dir))
		_ = os.Remove(filepath.Join(dir, surrogate))
	}
	deep := strings.Repeat(strings.Repeat("d", 100)+"/", 4)
	must(t, os.MkdirAll(filepath.Join(dir, deep), 0o755))
	names = append(names, deep+"deep.lock")
	want := map[string]reaper.Action{}
	for _, name := range names {
		must(t, os.WriteFile(filepath.Join(dir, name), dead, 0o644))
		want[name] = reaper.Broken
	}
	wantFound(t, dir, reaper.Options{}, names...)
	wantActions(t, dir, reaper.Options{}, want)
	wantFound(t, dir, reaper.Options{})
}
