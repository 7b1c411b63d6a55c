package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// mostRecord is as much as a lock file can hold.
const mostRecord = 16 << 10

// permissions writes as much as a lock file can hold, syncs it and reads it.
func (b *bench) permissions(context.Context) finding {
	const name = filePrefix + "write"
	f, err := b.dir.Create(name, 0o600)
	if err != nil {
		return failed(err)
	}
	want := bytes.Repeat([]byte("x"), mostRecord)
	err = errors.Join(f.Write(want), f.Sync())
	got, rerr := f.Read(mostRecord + 1)
	// Closed before it is removed: what becomes of an open file is another check.
	switch err := errors.Join(err, rerr, f.Close()); {
	case err != nil:
		return failed(err)
	case !bytes.Equal(got, want):
		return bad("%d bytes were written and synced, and other bytes were read", len(want))
	}
	if err := b.dir.Unlink(name); err != nil {
		return failed(err)
	}
	if has, err := b.dir.Has(name); err != nil || has {
		return bad("a file was removed and is still there (%v)", err)
	}
	said := "a file of 16 KiB was made, written, synced, read and removed"
	if info, err := b.o.FS.At(b.outside).Lstat("."); err == nil && info.Mode&fs.ModeSticky != 0 {
		said += "; the directory is sticky, so a dead owner's lock can be removed by its own user only (and root)"
	}
	return good("%s", said)
}

// races is how many names are raced for, racers the goroutines of this process
// that do; a second process is another.
var races = 200

const racers = 4

// createExclusive has several try to create the same files at once.
func (b *bench) createExclusive(ctx context.Context) finding {
	const name = filePrefix + "race"
	wins := make([]int, races)
	here, there := 0, 0
	said := ""
	f := b.with(func(s *second) finding {
		if err := s.ready(ctx); err != nil {
			return failed(err)
		}
		won, err := b.raceWith(ctx, s, name, wins)
		there = len(won)
		if err != nil {
			return failed(err)
		}
		return good("")
	})
	if f.ok == nil {
		said = "; no second process could be started to join in"
		if _, err := b.raceWith(ctx, nil, name, wins); err != nil {
			return failed(err)
		}
	} else if !*f.ok {
		return f
	}
	for i, n := range wins {
		if n != 1 {
			return bad("%d created %s, each as the only one: O_EXCL excludes nobody here", n, raced(name, i))
		}
		here++
	}
	b.removeAll(name, races)
	return good("%d files, each created by exactly one of %d goroutines and a second process (%d by the latter)%s", here, racers, there, said)
}

// raceWith adds to wins who created what, and returns what the second process
// created.
func (b *bench) raceWith(ctx context.Context, s other, name string, wins []int) (theirs []int, err error) {
	var wg sync.WaitGroup
	won, errs := make([][]int, racers), make([]error, racers+1)
	if s != nil {
		wg.Go(func() {
			var re reply
			re, errs[racers] = s.ask(ctx, request{Do: "race", Name: name, N: int64(len(wins))})
			theirs = re.Won
		})
	}
	for i := range racers {
		wg.Go(func() { won[i], errs[i] = race(ctx, b.dir, name, len(wins)) })
	}
	wg.Wait()
	for _, list := range append(won, theirs) {
		for _, i := range list {
			if i >= 0 && i < len(wins) {
				wins[i]++
			}
		}
	}
	return theirs, errors.Join(errs...)
}

// removeAll removes what was raced for; the bench's end removes what is left.
func (b *bench) removeAll(name string, n int) {
	for i := range n {
		_ = b.dir.Unlink(raced(name, i))
	}
}

// link makes a hard link and looks at what the filesystem makes of it.
func (b *bench) link(context.Context) finding {
	const name, second = filePrefix + "link", filePrefix + "link2"
	const unneeded = "filelock makes none"
	f, err := b.makeFile(name)
	if err != nil {
		return failed(err)
	}
	if err := f.Close(); err != nil {
		return failed(err)
	}
	if err := os.Link(b.at(name), b.at(second)); err != nil {
		return bad("no hard links: %v (%s)", err, unneeded)
	}
	info, err := look(b.dir, second)
	switch {
	case err != nil:
		return bad("a file's second name cannot be opened: %v (%s)", err, unneeded)
	case info.Links != 2:
		return bad("a file with two names counts %d links (%s)", info.Links, unneeded)
	}
	if err := os.Link(b.at(name), b.at(second)); !errors.Is(err, fs.ErrExist) {
		return bad("a link to a name that is taken was not refused: %v (%s)", err, unneeded)
	}
	return good("hard links work and are counted")
}

// rename replaces a file while another goroutine reads it all the time: it must
// find the old contents or the new, and always something.
func (b *bench) rename(ctx context.Context) finding {
	const name, next = filePrefix + "name", filePrefix + "next"
	const times = 30
	put := func(name string, i int) error {
		return os.WriteFile(b.at(name), fmt.Appendf(nil, "%08d\n", i), 0o600)
	}
	if err := put(name, 0); err != nil {
		return failed(err)
	}
	stop, read, outdated := make(chan struct{}), make(chan error, 1), 0
	go func() {
		for {
			select {
			case <-stop:
				read <- nil
				return
			default:
			}
			if err := readWhole(b.dir, name); err != nil {
				// What was opened may be gone from the server by then (ESTALE over
				// NFS): whoever opens again finds the new one.
				if outdated++; errors.Is(err, fs.ErrNotExist) || errors.Is(err, errTorn) || outdated > times {
					read <- err
					return
				}
			}
		}
	}()
	err := func() error {
		defer close(stop)
		for i := 1; i <= times && reached(ctx) == nil; i++ {
			if err := put(next, i); err != nil {
				return err
			}
			if err := b.dir.Rename(next, name); err != nil {
				return err
			}
		}
		return reached(ctx)
	}()
	if rerr := <-read; err == nil && rerr != nil {
		return bad("while a file was replaced by rename, a reader did not find the old or the new one: %v", rerr)
	}
	if runtime.GOOS == "windows" && errors.Is(err, fs.ErrPermission) {
		return bad("a file that somebody has open cannot be replaced by rename (no POSIX semantics): %v; filelock replaces no lock", err)
	}
	if err != nil {
		return failed(err)
	}
	if outdated > 0 {
		return good("a file was replaced %d times under the eyes of a reader, who found the old or the new one, but had to open it again %d times", times, outdated)
	}
	return good("a file was replaced %d times under the eyes of a reader, who always found the old or the new one", times)
}

// errTorn: neither the old contents nor the new.
var errTorn = errors.New("neither the old nor the new")

func readWhole(dir fsys.Dir, name string) error {
	f, err := dir.Open(name, fsys.OpenListed)
	if err != nil {
		return err
	}
	text, err := f.Read(100)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if len(text) != 9 || text[8] != '\n' {
		return fmt.Errorf("it found %q: %w", text, errTorn)
	}
	return nil
}

// unlinkOpen looks at what becomes of an open file whose name is removed. The
// kernel's locks and a late release rely on its descriptor meaning that file
// and no other.
func (b *bench) unlinkOpen(context.Context) finding {
	const name = filePrefix + "unlinked"
	f, err := b.makeFile(name)
	if err != nil {
		return failed(err)
	}
	defer f.close()
	if err := b.dir.Unlink(name); err != nil {
		return failed(err)
	}
	if has, err := b.dir.Has(name); err != nil || has {
		return bad("the name of an open file was removed and is still there (%v)", err)
	}
	again, err := b.makeFile(name)
	if err != nil {
		return bad("the name of an open file was removed, and cannot be made again before that is closed: %v", err)
	}
	defer again.close()
	if err := f.Extend(7); err != nil {
		return bad("an open file whose name was removed cannot be used any more: %v", err)
	}
	info, err := f.Info()
	if err != nil {
		return bad("an open file whose name was removed cannot be used any more: %v", err)
	}
	other, err := look(b.dir, name)
	switch {
	case err != nil:
		return failed(err)
	case other.Size != 1 || info.Size != 7:
		return bad("what was written to an open file whose name was removed went into the file that has the name now")
	}
	return good("an open file whose name was removed goes on as a file of its own%s", b.silly())
}

// silly says whether the removal of an open file's name left another: an NFS
// client keeps the file for its own processes in this way.
func (b *bench) silly() string {
	entries, err := os.ReadDir(b.path)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".nfs") {
			return ", under the name " + e.Name() + " until it is closed"
		}
	}
	return ""
}

// soon is how long a thing that should be so at once may take before it counts
// as not so.
var soon = 3 * time.Second
