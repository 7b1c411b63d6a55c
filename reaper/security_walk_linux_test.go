package reaper_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/reaper"
)

// Whoever may write below the root makes directories without end. The walk goes
// so deep and no deeper, says so, and does not forget what is beside them.
func TestADeepTreeEndsNoWalk(t *testing.T) {
	const most = 512
	dead := encode(t, recordOf(ended(t)))
	dir := quickDir(t)
	deep := dir
	for depth := 1; depth <= most+3; depth++ {
		deep = filepath.Join(deep, "d")
		must(t, os.Mkdir(deep, 0o755))
		if depth == most || depth == most+1 {
			write(t, filepath.Join(deep, "lock"), dead)
		}
	}
	must(t, os.Mkdir(filepath.Join(dir, "a"), 0o755))
	must(t, os.Mkdir(filepath.Join(dir, "z"), 0o755))
	write(t, filepath.Join(dir, "a", "lock"), dead)
	write(t, filepath.Join(dir, "z", "lock"), dead)
	defer leavesNothing(t, self())()
	broken, failed := 0, 0
	for out := range reaper.Reap(t.Context(), dir, reaper.Options{}) {
		switch out.Action {
		case reaper.Broken:
			broken++
		case reaper.Failed:
			failed++
			if !strings.HasSuffix(out.Err.Error(), "more than 512 directories below the one to be searched") || strings.Count(strings.TrimPrefix(out.Path, dir), "/d") != most+1 {
				t.Errorf("%d bytes of path: %s", len(out.Path), out.Action)
			}
		}
	}
	if broken != 3 || failed != 1 {
		t.Errorf("%d broken, %d failed, want 3 and 1", broken, failed)
	}
}

// hangingFS hangs when a directory of a name is opened, until it is let go.
type hangingFS struct {
	fsys.FS
	name string
	let  chan struct{}
}

func (h hangingFS) OpenDir(path string) (fsys.Dir, error) {
	d, err := h.FS.OpenDir(path)
	if err != nil {
		return nil, err
	}
	return hangingDir{d, h}, nil
}

type hangingDir struct {
	fsys.Dir
	hangingFS
}

func (h hangingDir) OpenDir(name string) (fsys.Dir, error) {
	if name == h.name {
		<-h.let
	}
	return h.Dir.OpenDir(name)
}

// A user mounts a filesystem of their own below the root (FUSE), which never
// answers.
func TestADirectoryThatDoesNotAnswerEndsNoWalk(t *testing.T) {
	dead := encode(t, recordOf(ended(t)))
	dir := quickDir(t)
	for _, name := range []string{"a", "hangs", "z"} {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o755))
		write(t, filepath.Join(dir, name, "lock"), dead)
	}
	check := leavesNothing(t, self())
	let := make(chan struct{})
	h := newPlayer().host
	h.FS = hangingFS{fsys.Real, "hangs", let}
	outcomes, hung := 0, false
	for out := range reaper.In(h).Reap(context.Background(), dir, reaper.Options{Patience: time.Second}) {
		outcomes++
		none := errors.Is(out.Err, reaper.ErrNoAnswer)
		hung = hung || none && out.Path == filepath.Join(dir, "hangs")
		if out.Action != reaper.Broken && !none { // the others, too, may be slow here
			t.Errorf("%s: %s %v", out.Path, out.Action, out.Err)
		}
	}
	if outcomes != 3 || !hung {
		t.Errorf("%d outcomes, want 3, and that of the directory which hangs (%v) among them", outcomes, hung)
	}
	close(let)
	check() // what came too late is closed again
	names(t, filepath.Join(dir, "hangs"), "lock")
}

// The lock that root is to reap in a directory like /tmp was replaced by a link
// to a directory: the walk does not go there. A link by who calls, or by the
// directory's owner, is meant.
func TestARootReplacedByALinkInAPublicDirectory(t *testing.T) {
	attacker := startAs(t, attackerUID)
	dead := encode(t, recordOf(ended(t)))
	for _, c := range []struct {
		mode  os.FileMode
		by    int
		walks bool
	}{
		{0o777 | os.ModeSticky, attackerUID, false},
		{0o777 | os.ModeSticky, 0, true},
		{0o777, attackerUID, false},
		{0o777, 0, false},
		{0o755, 0, true},
	} {
		victim, dir := publicDir(t, 0o755), publicDir(t, 0o777)
		write(t, filepath.Join(victim, "dead"), dead)
		root := filepath.Join(dir, "job.lock")
		if c.by == 0 {
			must(t, os.Symlink(victim, root))
		} else {
			obeys(t, attacker, "symlink", victim, root)
		}
		must(t, os.Chmod(dir, c.mode))
		for out := range reaper.Reap(t.Context(), root, reaper.Options{}) {
			if (out.Action == reaper.Broken) != c.walks || !c.walks && !errors.Is(out.Err, fsys.ErrIrregular) {
				t.Errorf("%v, link by %d: %s %v", c.mode, c.by, out.Action, out.Err)
			}
		}
		if _, err := os.Lstat(filepath.Join(victim, "dead")); (err != nil) != c.walks {
			t.Errorf("%v, link by %d: the lock beyond the link: %v", c.mode, c.by, err)
		}
	}
}

func init() {
	// symlink TARGET PATH
	deeds["symlink"] = func(_ *scene, args []string) (answer, error) { return answer{}, os.Symlink(args[0], args[1]) }
}
