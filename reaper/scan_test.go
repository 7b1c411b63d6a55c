package reaper_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// scan is what a scan finds: paths relative to dir, and the errors.
func scan(t *testing.T, dir string, o reaper.Options) (found []string, errs []error) {
	t.Helper()
	for st, err := range reaper.Scan(t.Context(), dir, o) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		rel, err := filepath.Rel(dir, st.Path)
		must(t, err)
		found = append(found, filepath.ToSlash(rel))
	}
	slices.Sort(found)
	return found, errs
}

func wantFound(t *testing.T, dir string, o reaper.Options, want ...string) {
	t.Helper()
	found, errs := scan(t, dir, o)
	for _, err := range errs {
		t.Errorf("scan: %v", err)
	}
	if slices.Sort(want); !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}

func TestScanFindsLocksUnderAnyName(t *testing.T) {
	dir := filepath.Dir(tempLock(t))
	lockFile := encode(t, recordOf(ended(t)))
	files := map[string][]byte{
		"a.lock": lockFile, "b": lockFile, ".hidden": lockFile, "sub/c.txt": lockFile, "sub/deep/er/d.pid": lockFile,
		".job.lock.1.guard": lockFile, strings.Repeat("n", 250): lockFile,
		"newer": []byte(`{"format":"filelock/9"}`), "broken": []byte(meta.Prefix + "1\",..."),
		"empty": nil, "text": []byte("hello"), "json": []byte(`{"format":"other/1"}`), "half": lockFile[:len(meta.Prefix)-1],
		"pidfile": []byte("123\n"), "number.txt": []byte("  42"),
	}
	for name, b := range files {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		write(t, filepath.Join(dir, name), b)
	}
	ours := []string{"a.lock", "b", ".hidden", "sub/c.txt", "sub/deep/er/d.pid", ".job.lock.1.guard", strings.Repeat("n", 250), "newer", "broken"}
	wantFound(t, dir, reaper.Options{}, ours...)
	wantFound(t, dir, reaper.Options{All: true}, append(ours, "pidfile", "number.txt")...)
}

func TestReapBreaksTheDeadOnly(t *testing.T) {
	live, dir := tempLock(t), ""
	p := owner(t, live)
	dir = filepath.Dir(live)
	dead, elsewhere := recordOf(ended(t)), recordOf(meta.Identity{PID: 1, Hostname: "elsewhere"})
	write(t, filepath.Join(dir, "dead"), encode(t, dead))
	write(t, filepath.Join(dir, "elsewhere"), encode(t, elsewhere))
	write(t, filepath.Join(dir, "empty"), nil)
	must(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
	write(t, filepath.Join(dir, "sub", "dead"), encode(t, dead))
	killed := filepath.Join(dir, "sub", "killed")
	owner(t, killed).end(t)

	before := snapshot(t, dir)
	want := map[string]reaper.Action{"job.lock": reaper.Kept, "dead": reaper.WouldBreak, "elsewhere": reaper.Kept, "sub/dead": reaper.WouldBreak, "sub/killed": reaper.WouldBreak}
	wantActions(t, dir, reaper.Options{DryRun: true}, want)
	if after := snapshot(t, dir); after != before {
		t.Errorf("a dry run changed something:\n%s\nbefore:\n%s", after, before)
	}
	for name, a := range want {
		if a == reaper.WouldBreak {
			want[name] = reaper.Broken
		}
	}
	wantActions(t, dir, reaper.Options{}, want)
	wantFound(t, dir, reaper.Options{}, "elsewhere", "job.lock")
	releases(t, p, live)
}

// Who is killed between putting a file aside and removing it leaves it, whatever
// state the lock was in.
func TestWhatWasPutAsideIsReaped(t *testing.T) {
	dir := filepath.Dir(tempLock(t))
	whole := encode(t, recordOf(ended(t)))
	for name, b := range map[string][]byte{"whole": whole, "half": whole[:40], "empty": nil, "data": []byte("data")} {
		write(t, filepath.Join(dir, ".filelock-"+name+".gone"), b)
	}
	write(t, filepath.Join(dir, ".filelock-.gone"), nil) // never a name that we give
	write(t, filepath.Join(dir, "empty"), nil)
	wantActions(t, dir, reaper.Options{}, map[string]reaper.Action{
		".filelock-whole.gone": reaper.Broken, ".filelock-half.gone": reaper.Broken, ".filelock-empty.gone": reaper.Broken,
	})
	for _, name := range []string{".filelock-data.gone", ".filelock-.gone", "empty"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func wantActions(t *testing.T, dir string, o reaper.Options, want map[string]reaper.Action) {
	t.Helper()
	got := map[string]reaper.Action{}
	for out := range reaper.Reap(t.Context(), dir, o) {
		rel, err := filepath.Rel(dir, out.Path)
		must(t, err)
		got[filepath.ToSlash(rel)] = out.Action
		if out.Err != nil {
			t.Errorf("%s: %v", rel, out.Err)
		}
		sentences(t, out.Evidence)
	}
	if len(got) != len(want) {
		t.Errorf("reaped %v, want %v", got, want)
	}
	for name, a := range want {
		if got[name] != a {
			t.Errorf("%s: %s, want %s", name, got[name], a)
		}
	}
}

func TestReapOfOnePath(t *testing.T) {
	for name, c := range map[string]struct {
		contents []byte
		action   reaper.Action
	}{
		"dead":  {encode(t, recordOf(ended(t))), reaper.Broken},
		"empty": {nil, reaper.Broken}, // the caller says that it is a lock
		"data":  {[]byte("data"), reaper.Kept},
	} {
		t.Run(name, func(t *testing.T) {
			path := tempLock(t)
			write(t, path, c.contents)
			wantActions(t, path, reaper.Options{}, map[string]reaper.Action{".": c.action})
			if _, err := os.Lstat(path); (err == nil) != (c.action == reaper.Kept) {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
	t.Run("missing", func(t *testing.T) {
		for out := range reaper.Reap(t.Context(), tempLock(t), reaper.Options{}) {
			if out.Action != reaper.Failed || !errors.Is(out.Err, fs.ErrNotExist) {
				t.Errorf("%s, %v; want it failed, not existing", out.Action, out.Err)
			}
		}
	})
}

func TestAScanEndsWhenItIsTold(t *testing.T) {
	dir := filepath.Dir(tempLock(t))
	b := encode(t, recordOf(ended(t)))
	for _, name := range []string{"a", "b", "c", "sub/d", "sub/e"} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		write(t, filepath.Join(dir, name), b)
	}
	defer leavesNothing(t, self())()
	n := 0
	for range reaper.Scan(t.Context(), dir, reaper.Options{}) {
		if n++; n == 2 {
			break
		}
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var last error
	for _, err := range reaper.Scan(ctx, dir, reaper.Options{}) {
		cancel(cause)
		last = err
	}
	if !errors.Is(last, cause) {
		t.Errorf("a cancelled scan ends with %v, want its cause", last)
	}
}

func TestEntriesThatGoWhileAScanLooks(t *testing.T) {
	dir := filepath.Dir(tempLock(t))
	b := encode(t, recordOf(ended(t)))
	var all []string
	for _, name := range strings.Fields("a b c d e f sub/g sub/h sub/i") {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		write(t, path, b)
		all = append(all, path)
	}
	for st, err := range reaper.Scan(t.Context(), dir, reaper.Options{}) {
		if err != nil {
			t.Errorf("%s: %v", st.Path, err)
		}
		for _, path := range all { // all that are left, the directory too
			_ = os.Remove(path)
		}
		_ = os.Remove(filepath.Join(dir, "sub"))
	}
}

func TestScanOfWhatIsNoDirectory(t *testing.T) {
	path := tempLock(t)
	for _, missing := range []string{path, path + "/below"} {
		found, errs := scan(t, missing, reaper.Options{})
		if len(found) != 0 || len(errs) != 1 || !errors.Is(errs[0], fs.ErrNotExist) {
			t.Errorf("%s: found %q, errors %v", missing, found, errs)
		}
	}
	write(t, path, encode(t, recordOf(ended(t))))
	if found, errs := scan(t, path, reaper.Options{}); len(found) != 0 || len(errs) != 1 {
		t.Errorf("a file: found %q, errors %v", found, errs)
	}
}
