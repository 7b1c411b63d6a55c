package sights

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/emulation"
)

func init() {
	// keep DIR: leaves a sight behind.
	roles["keep"] = func(args []string) error { return In(args[0]).Keep(some()) }
	// again DIR WORD: keeps it again and again, with another fingerprint.
	roles["again"] = func(args []string) error {
		for i := range again {
			if err := In(args[0]).Keep(printed(args[1], i)); err != nil {
				return err
			}
		}
		return nil
	}
}

const again = 300

// printed is a sight whose length says which one it is.
func printed(word string, i int) Sight {
	v := some()
	v.Print, v.Reads = strings.Repeat(word, i+1), i+1
	return v
}

func TestAnotherProcessRecallsWhatOneSaw(t *testing.T) {
	dir := private(t)
	must(t, roleCommand("keep", dir).Run())
	s := In(dir)
	wantKept(t, s, some())
	wantNone(t, s, key+"2")
	if got := s.Where(); got != dir {
		t.Errorf("kept in %q, want %q", got, dir)
	}
	s.Forget(key)
	wantNone(t, s, key)
	wantNames(t, dir)
	s.Forget(key)
}

func TestAnyStringsAreKept(t *testing.T) {
	s := In(private(t))
	for _, odd := range []string{"", `"`, `"quoted"`, "\xff\xfe/lock", "a\nb\x00", "\u2028<&>\u00e9", "\ufffd", `C:\locks\a`, strings.Repeat("\u00e9", 1500)} {
		v := some()
		v.Key = odd
		keep(t, s, v)
		wantKept(t, s, v)
		v = some()
		v.Print = odd
		keep(t, s, v)
		wantKept(t, s, v)
		v.Boot = odd + "1"
		if len(odd) < 1000 {
			keep(t, s, v)
			wantKept(t, s, v)
		}
	}
}

func TestWhatNoWatchCanHaveSeenIsNotKept(t *testing.T) {
	dir := private(t)
	s := In(dir)
	for what, change := range map[string]func(*Sight){
		"no boot":             func(v *Sight) { v.Boot = "" },
		"seen before boot":    func(v *Sight) { v.First = -1 },
		"last before first":   func(v *Sight) { v.Last = v.First - 1 },
		"never seen":          func(v *Sight) { v.Reads = 0 },
		"longer than allowed": func(v *Sight) { v.Key = strings.Repeat("k", maxLine) },
	} {
		v := some()
		change(&v)
		if err := s.Keep(v); err == nil || !strings.HasPrefix(err.Error(), "sights: ") {
			t.Errorf("%s: kept, with the error %v", what, err)
		}
		wantNone(t, s, v.Key)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Errorf("%s was made for nothing", dir)
	}
}

func TestOnlyItsUserMayReadASight(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits on Windows")
	}
	dir := private(t)
	keep(t, In(dir), some())
	for path, want := range map[string]os.FileMode{dir: os.ModeDir | 0o700, filepath.Join(dir, name(key)): 0o600} {
		fi, err := os.Lstat(path)
		must(t, err)
		if fi.Mode() != want {
			t.Errorf("%s: %v, want %v", path, fi.Mode(), want)
		}
	}
}

func TestThereIsAlwaysAWholeSight(t *testing.T) {
	emulation.SkipWine(t, "it has no POSIX renaming: a file that is open cannot be replaced, and Keep says so")
	dir := private(t)
	s := In(dir)
	keep(t, s, some())

	var writers sync.WaitGroup
	for _, word := range []string{"a", "b"} {
		writers.Go(func() {
			if err := roleCommand("again", dir, word).Run(); err != nil {
				t.Error(err)
			}
		})
		writers.Go(func() {
			for i := range again {
				if err := s.Keep(printed(word+word, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for reads := 0; ; reads++ {
		select {
		case <-done:
			if reads == 0 {
				t.Error("nothing was read meanwhile")
			}
			wantNames(t, dir, name(key))
			return
		default:
		}
		got, ok := s.Recall(key)
		if !ok {
			t.Fatal("no sight, in the middle of being kept")
		}
		if got == some() {
			continue
		}
		word := got.Print[:len(got.Print)/got.Reads]
		if got != printed(word, got.Reads-1) {
			t.Fatalf("%+v is none of those that were kept", got)
		}
	}
}

func TestSweepRemovesWhatIsOfNoUse(t *testing.T) {
	dir := private(t)
	sightOf := func(key, boot string) Sight {
		v := some()
		v.Key, v.Boot = key, boot
		return v
	}
	now := some().Boot
	keep(t, In(dir), sightOf("/old", now), sightOf("/young", now))
	// Another store, for each sweeps once; no boot but its own is left then.
	keep(t, In(dir), sightOf("/old boot", "another"))
	put := func(name, content string) { must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600)) }
	keep(t, In(dir), sightOf("/old", now), sightOf("/young", now))
	put(name("/old boot"), lineOf(t, sightOf("/old boot", "another"))+"\n")
	// What a process left that was killed in the middle, and one that is at it.
	leftTemp, liveTemp := tempPrefix+name("/old")+".0123456789abcdef", tempPrefix+name("/young")+".0123456789abcdef"
	put(leftTemp, "{")
	put(liveTemp, "{")
	// Other people's, whatever they are called.
	foreign := []string{"notes", strings.Repeat("a", nameLen), tempPrefix + "x", strings.Repeat("b", nameLen)}
	for _, n := range foreign[:3] {
		put(n, "not a sight")
	}
	put(foreign[3], lineOf(t, sightOf("/old boot", "another"))+"\n") // a copy
	must(t, os.Mkdir(filepath.Join(dir, strings.Repeat("c", nameLen)), 0o700))

	week := time.Now().Add(-sweepAge - time.Hour)
	for _, n := range append(foreign, leftTemp, name("/old")) {
		must(t, os.Chtimes(filepath.Join(dir, n), week, week))
	}
	s := In(dir)
	keep(t, s, some())
	wantNames(t, dir, append(foreign, liveTemp, name("/young"), name(key), strings.Repeat("c", nameLen))...)

	put(name("/old boot"), lineOf(t, sightOf("/old boot", "another"))+"\n")
	keep(t, s, some())
	if _, err := os.Lstat(filepath.Join(dir, name("/old boot"))); err != nil {
		t.Errorf("swept a second time by the same store: %v", err)
	}
}

func TestSweepLooksAtABoundedNumberOfNames(t *testing.T) {
	if usual := sweepMost; emulation.Wine() { // to look up a name it reads the directory
		sweepMost = 100
		defer func() { sweepMost = usual }()
	}
	dir := private(t)
	must(t, os.Mkdir(dir, 0o700))
	const more = 50
	for i := range sweepMost + more {
		v := some()
		v.Key, v.Boot = strings.Repeat("x", i+1), "another"
		must(t, os.WriteFile(filepath.Join(dir, name(v.Key)), []byte(lineOf(t, v)+"\n"), 0o600))
	}
	keep(t, In(dir), some())
	es, err := os.ReadDir(dir)
	must(t, err)
	// The new one is among those looked at or not.
	if n := len(es); n != more+1 && n != more+2 {
		t.Errorf("%d names are left, want %d", n, more+1)
	}
}
