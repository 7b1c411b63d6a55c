package reaper_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/reaper"
)

func reapNoFailure(t *testing.T, path string, o reaper.Options) {
	t.Helper()
	for out := range reaper.Reap(t.Context(), path, o) {
		if out.Err != nil {
			t.Errorf("reap %q: %v", out.Path, out.Err)
		}
	}
}

// A gate at which nobody waits was left by a waiter who was killed.
func TestReapSweepsGatesThatNobodyWaitsAt(t *testing.T) {
	dir := filepath.Dir(tempLock(t))
	in := func(name string) string { return filepath.Join(dir, name) }
	d := fsys.Real.At(dir)
	open := func(name string) fsys.File {
		f, err := d.Open(name, fsys.OpenWrite|fsys.OpenCreate)
		must(t, err)
		t.Cleanup(func() { must(t, f.Close()) })
		return f
	}
	must(t, open(".passed.gate").TryLock(fsys.Exclusive))
	must(t, open(".waits.gate").OrderLock(fsys.Presence, fsys.Shared, false))
	must(t, os.WriteFile(in(".data.gate"), []byte("data"), 0o644))
	must(t, os.WriteFile(in("victim"), nil, 0o644))
	must(t, os.Link(in("victim"), in(".link.gate")))
	must(t, os.Symlink("victim", in(".symlink.gate")))
	must(t, unix.Mkfifo(in(".fifo.gate"), 0o644))
	must(t, os.Mkdir(in(".dir.gate"), 0o755))
	must(t, os.WriteFile(in(".gate"), nil, 0o644)) // of no lock
	kept := []string{".data.gate", ".dir.gate", ".fifo.gate", ".gate", ".link.gate", ".passed.gate", ".symlink.gate", ".waits.gate", "victim"}
	names := func() (all []string) {
		entries, err := os.ReadDir(dir)
		must(t, err)
		for _, e := range entries {
			all = append(all, e.Name())
		}
		return all
	}
	left := []string{".left.gate", ".one.gate"}
	for _, name := range left {
		must(t, os.WriteFile(in(name), nil, 0o644))
	}
	want := slices.Concat(kept, left)
	slices.Sort(want)
	reapNoFailure(t, dir, reaper.Options{DryRun: true})
	if got := names(); !slices.Equal(got, want) {
		t.Errorf("after a dry run: %q, want %q", got, want)
	}
	must(t, os.WriteFile(in("one"), nil, 0o644)) // there must be something to reap
	reapNoFailure(t, in("one"), reaper.Options{})
	want = slices.DeleteFunc(want, func(n string) bool { return n == ".one.gate" })
	if got := names(); !slices.Equal(got, want) {
		t.Errorf("after reaping one lock: %q, want %q", got, want)
	}
	reapNoFailure(t, dir, reaper.Options{})
	if got := names(); !slices.Equal(got, kept) {
		t.Errorf("after reaping the directory: %q, want %q", got, kept)
	}
}
