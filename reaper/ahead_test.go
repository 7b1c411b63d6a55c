package reaper_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// What a walk does ahead of its caller must not show.

// watchedFS tells of every file that is about to be opened.
type watchedFS struct {
	fsys.FS
	opens func(name string)
}

func (w watchedFS) OpenDir(path string) (fsys.Dir, error) {
	d, err := w.FS.OpenDir(path)
	if err != nil {
		return nil, err
	}
	return watchedDir{d, w.opens}, nil
}

type watchedDir struct {
	fsys.Dir
	opens func(name string)
}

func (w watchedDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	w.opens(name)
	return w.Dir.Open(name, how)
}

func (w watchedDir) OpenDir(name string) (fsys.Dir, error) {
	d, err := w.Dir.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return watchedDir{d, w.opens}, nil
}

func watching(opens func(name string)) *reaper.Reaper {
	return reaper.In(host.Real.With(watchedFS{fsys.Real, opens}))
}

// manyDead makes n locks of a dead owner, and returns their names in the
// directory's order.
func manyDead(t *testing.T, dir string, n int) (inOrder []string) {
	t.Helper()
	b := encode(t, recordOf(ended(t)))
	for i := range n {
		write(t, filepath.Join(dir, fmt.Sprintf("%03d.lock", i)), b)
	}
	return listing(t, dir)
}

func listing(t *testing.T, dir string) (names []string) {
	t.Helper()
	d, err := fsys.Real.OpenDir(dir)
	must(t, err)
	must(t, d.List(func(e fsys.Entry) bool {
		names = append(names, e.Name)
		return true
	}))
	must(t, d.Close())
	return names
}

func TestAScanKeepsTheDirectorysOrder(t *testing.T) {
	dir := quickDir(t)
	b := encode(t, recordOf(meta.Self()))
	for i := range 300 {
		write(t, filepath.Join(dir, fmt.Sprintf("%03d.lock", i)), b)
		if i%40 != 0 {
			continue
		}
		sub := filepath.Join(dir, fmt.Sprintf("%03d.d", i))
		must(t, os.Mkdir(sub, 0o755))
		write(t, filepath.Join(sub, "lock"), b)
		write(t, filepath.Join(sub, "data"), []byte("data"))
	}
	var want []string
	for _, name := range listing(t, dir) {
		if filepath.Ext(name) == ".d" {
			name = filepath.Join(name, "lock")
		}
		want = append(want, filepath.Join(dir, name))
	}
	var got []string // also: the race detector sees whether the loop is run concurrently
	for st, err := range reaper.Scan(t.Context(), dir, reaper.Options{}) {
		must(t, err)
		got = append(got, st.Path)
	}
	if len(got) != len(want) {
		t.Fatalf("%d locks, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("lock %d is %q, want %q, as the directory has it", i, got[i], want[i])
		}
	}
}

func TestAFileThatDoesNotAnswerHoldsUpNoOther(t *testing.T) {
	dir := quickDir(t)
	order := manyDead(t, dir, 200)
	check := leavesNothing(t, self())
	let := make(chan struct{})
	hangs := []string{order[0], order[31], order[70], order[71], order[199]}
	r := watching(func(name string) {
		if slices.Contains(hangs, name) {
			<-let
		}
	})
	var got, silent []string
	for st, err := range r.Scan(context.Background(), dir, reaper.Options{Patience: time.Second}) {
		got = append(got, filepath.Base(st.Path))
		switch {
		case errors.Is(err, reaper.ErrNoAnswer):
			silent = append(silent, filepath.Base(st.Path))
		case err != nil, st.State != reaper.Stale:
			t.Errorf("%s: %s %v", st.Path, st.State, err)
		}
	}
	if !slices.Equal(got, order) {
		t.Errorf("%d answers, want one of each of %d files, in the directory's order:\n%q", len(got), len(order), got)
	}
	for _, name := range hangs { // the others, too, may be slow here
		if !slices.Contains(silent, name) {
			t.Errorf("%s hangs, and there was an answer", name)
		}
	}
	close(let)
	check()
}

// However the caller's loop ends, nothing is looked at after it.
func TestNothingIsLookedAtAfterAScan(t *testing.T) {
	dir := quickDir(t)
	order := manyDead(t, dir, 300)
	for name, loop := range map[string]func(r *reaper.Reaper, let func()){
		"break": func(r *reaper.Reaper, let func()) {
			for range r.Scan(context.Background(), dir, reaper.Options{}) {
				let()
				break
			}
		},
		"panic": func(r *reaper.Reaper, let func()) {
			defer func() { _ = recover() }()
			for range r.Scan(context.Background(), dir, reaper.Options{}) {
				let()
				panic("the loop's own")
			}
		},
		"cancel": func(r *reaper.Reaper, let func()) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			n := 0
			for _, err := range r.Scan(ctx, dir, reaper.Options{}) {
				if n++; n == 2 && !errors.Is(err, context.Canceled) || n > 2 {
					t.Errorf("answer %d after the context was done: %v", n, err)
				}
				cancel()
				let()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			check := leavesNothing(t, self())
			let, once := make(chan struct{}), sync.Once{}
			var over atomic.Bool
			var inHand, late atomic.Int32
			r := watching(func(name string) {
				if over.Load() {
					late.Add(1)
				}
				if slices.Contains(order[:32], name) { // the first answer comes in any case
					return
				}
				inHand.Add(1)
				<-let
				inHand.Add(-1)
			})
			loop(r, func() { once.Do(func() { go close(let) }) })
			over.Store(true)
			if n := inHand.Load(); n > 0 && name != "cancel" { // which does not wait for long
				t.Errorf("%d looks are in hand when the loop is over", n)
			}
			check()
			if n := late.Load(); n > 0 && name != "cancel" {
				t.Errorf("%d files were opened after the loop", n)
			}
		})
	}
}

// What waited long for the caller's loop is looked at again.
func TestAScanThatWaitsForItsCallerSaysWhatIsSo(t *testing.T) {
	dir := quickDir(t)
	owners := map[string]*process{}
	for _, name := range []string{"a", "b", "c"} {
		path := filepath.Join(dir, name)
		owners[path] = start(t)
		hold(t, owners[path], "soft", path)
	}
	n := 0
	for st, err := range reaper.Scan(t.Context(), dir, reaper.Options{}) {
		must(t, err)
		n++
		if want := map[bool]reaper.State{true: reaper.Held, false: reaper.Stale}[n == 1]; st.State != want {
			t.Errorf("lock %d is %s, want %s", n, st.State, want)
		}
		if n == 1 {
			for _, p := range owners {
				p.end(t)
			}
			time.Sleep(1100 * time.Millisecond) // the loop takes its time
		}
	}
	if n != 3 {
		t.Errorf("%d locks, want 3", n)
	}
}

// The same when another look of the same goroutine lasts for so long.
func TestWhatWasFoundBesideASlowLookBecomesOldToo(t *testing.T) {
	dir := quickDir(t)
	owners := map[string]*process{}
	for _, name := range []string{"a", "b", "c", "d"} {
		path := filepath.Join(dir, name)
		owners[path] = start(t)
		hold(t, owners[path], "soft", path)
	}
	order, let := listing(t, dir), make(chan struct{})
	r := watching(func(name string) {
		if name == order[3] {
			<-let
		}
	})
	var got []string
	for st, err := range r.Scan(t.Context(), dir, reaper.Options{}) {
		must(t, err)
		got = append(got, filepath.Base(st.Path))
		if want := map[bool]reaper.State{true: reaper.Held, false: reaper.Stale}[len(got) == 1]; st.State != want {
			t.Errorf("lock %d is %s, want %s", len(got), st.State, want)
		}
		if len(got) == 1 {
			for _, p := range owners {
				p.end(t)
			}
			time.Sleep(1100 * time.Millisecond) // the loop takes its time
		}
		if len(got) == 2 {
			close(let)
		}
	}
	if !slices.Equal(got, order) {
		t.Errorf("%q, want %q", got, order)
	}
}

// What the kernel lock before was found to be decides only which probe comes
// first.
func TestAHeldLockAmongDeadOnesIsHeld(t *testing.T) {
	dir, p, dead := quickDir(t), start(t), ended(t)
	modes := map[string]string{}
	for i := range 48 {
		path := filepath.Join(dir, fmt.Sprintf("%02d.lock", i))
		switch kind := []string{"dead", "soft", "dead", "file", "dead", "shared", "dead", "dead"}[i%8]; kind {
		case "dead":
			write(t, path, encode(t, onThisFile(t, path, recordOf(dead))))
			modes[path] = ""
		case "shared": // leaves the record of the holder before
			hold(t, p, "file", path)
			p.order(t, "release", path)
			fallthrough
		default:
			hold(t, p, kind, path)
			modes[path] = map[bool]string{true: "shared", false: "exclusive"}[kind == "shared"]
		}
	}
	seen := 0
	for st, err := range reaper.Scan(t.Context(), dir, reaper.Options{}) {
		must(t, err)
		seen++
		mode, want := modes[st.Path], reaper.Held
		if mode == "" {
			want = reaper.Stale
		}
		if st.State != want || st.Mode != mode {
			t.Errorf("%s is %s %q, want %s %q: %+v", st.Path, st.State, st.Mode, want, mode, st.Judgment)
		}
	}
	if seen != len(modes) {
		t.Errorf("%d locks, want %d", seen, len(modes))
	}
}

// Looks at two names of one inode do not see each other's probes.
func TestHardLinksOfADeadLockAreAllStale(t *testing.T) {
	dir := quickDir(t)
	first := filepath.Join(dir, "first")
	write(t, first, encode(t, onThisFile(t, first, recordOf(ended(t)))))
	const links = 400
	for i := range links - 1 {
		must(t, os.Link(first, filepath.Join(dir, fmt.Sprintf("link%03d", i))))
	}
	stale := 0
	for st, err := range reaper.Scan(t.Context(), dir, reaper.Options{}) {
		must(t, err)
		if st.State == reaper.Stale {
			stale++
		} else {
			t.Errorf("%s: %s %+v", st.Path, st.State, st.Judgment)
		}
	}
	if stale != links {
		t.Errorf("%d stale locks, want %d", stale, links)
	}
}
