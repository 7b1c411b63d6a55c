//go:build unix

package faults_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/filelock-go/filelock/internal/faults"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// Whatever goes wrong in a scan or a reap of a tree, one that is stopped says
// nothing more, and one that is not says what it could not see.
func TestAScanSaysWhatItCouldNotSee(t *testing.T) {
	dir := quickDir(t)
	sub := filepath.Join(dir, "sub")
	must(t, os.Mkdir(sub, 0o755))
	b := encode(t, recordOf(meta.Self()))
	paths := []string{filepath.Join(dir, "a.lock"), filepath.Join(sub, "b.lock")}
	for _, p := range paths {
		must(t, os.WriteFile(p, b, 0o644))
	}
	for n, last := 1, false; !last; n++ {
		for stop := range 4 {
			f := faults.On(fsys.Real, func(c faults.Call) faults.Fault {
				if c.N == n {
					return faults.Fault{Err: syscall.EIO}
				}
				return faults.Fault{}
			})
			seen, failed, answers := map[string]bool{}, false, 0
			for st, err := range reaper.In(worldOf(f)).Scan(t.Context(), dir, reaper.Options{}) {
				failed = failed || err != nil
				if err != nil && !errors.Is(err, syscall.EIO) {
					t.Errorf("call %d: %v", n, err)
				}
				seen[st.Path] = err == nil
				if answers++; answers == stop {
					break
				}
			}
			calls := f.Calls()
			last = len(calls) < n
			if stop == 0 && !failed && !(seen[paths[0]] && seen[paths[1]]) {
				t.Errorf("call %d, %+v: seen %v and no error", n, calls[min(n, len(calls))-1], seen)
			}
			if open := f.Open(); len(open) > 0 {
				t.Errorf("call %d: left open: %q", n, open)
			}
		}
	}
}
