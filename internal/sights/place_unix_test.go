//go:build unix

package sights

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// wantRefused wants nothing kept in a directory, nothing recalled from it, and
// it left as it is.
func wantRefused(t *testing.T, dir string) {
	t.Helper()
	before, err := os.Lstat(dir)
	must(t, err)
	s := In(dir)
	wantNone(t, s, key)
	if err := s.Keep(some()); err != errNowhere {
		t.Errorf("kept in %s: %v", dir, err)
	}
	if w := s.Where(); w != "" {
		t.Errorf("says that it keeps in %s", w)
	}
	s.Forget(key)
	after, err := os.Lstat(dir)
	must(t, err)
	if after.Mode() != before.Mode() || !os.SameFile(before, after) {
		t.Errorf("%s was %v and is %v", dir, before.Mode(), after.Mode())
	}
}

func TestADirectoryOpenToOthersIsRefused(t *testing.T) {
	for _, mode := range []os.FileMode{0o701, 0o710, 0o740, 0o702, 0o755, 0o777, 0o777 | os.ModeSticky} {
		dir := private(t)
		keep(t, In(dir), some())
		must(t, os.Chmod(dir, mode))
		wantRefused(t, dir)
		must(t, os.Chmod(dir, 0o700))
		wantKept(t, In(dir), some())
	}
}

func TestALinkToADirectoryIsRefused(t *testing.T) {
	dir := private(t)
	keep(t, In(dir), some())
	link := dir + ".link"
	must(t, os.Symlink(dir, link))
	wantRefused(t, link)
	if got, ok := In(link + "/").Recall(key); ok {
		t.Errorf("a slash at the end: recalled %+v", got)
	}
	wantKept(t, In(dir), some())
}

func TestWhatIsNoDirectoryIsRefused(t *testing.T) {
	file := private(t)
	must(t, os.WriteFile(file, nil, 0o600))
	wantRefused(t, file)
	fifo := private(t)
	must(t, unix.Mkfifo(fifo, 0o700))
	wantRefused(t, fifo)
}

func TestOfAnotherUserNothingIsBelieved(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	const nobody = 65534
	dir := private(t)
	s := In(dir)
	keep(t, s, some())
	file := filepath.Join(dir, name(key))
	must(t, os.Chown(file, nobody, nobody))
	wantNone(t, s, key)
	must(t, os.Chown(file, 0, 0))
	wantKept(t, s, some())
	must(t, os.Chown(dir, nobody, nobody))
	wantRefused(t, dir)
}

func TestAFIFOInThePlaceOfASightHoldsNobodyUp(t *testing.T) {
	dir := private(t)
	must(t, os.Mkdir(dir, 0o700))
	must(t, unix.Mkfifo(filepath.Join(dir, name(key)), 0o600))
	s := In(dir)
	wantNone(t, s, key)
	keep(t, s, some())
	wantKept(t, s, some())
}

func TestTheNextPlaceIsTaken(t *testing.T) {
	open, good := private(t), private(t)
	must(t, os.Mkdir(open, 0o755))
	must(t, os.Chmod(open, 0o755))
	s := &Store{places: func() []place {
		return []place{{path: open}, {path: filepath.Join(t.TempDir(), "missing", "parent")}, {path: good, shared: true}}
	}}
	if got := s.Where(); got != good {
		t.Errorf("keeps in %q, want %q", got, good)
	}
	keep(t, s, some())
	wantKept(t, s, some())
	wantNames(t, open)
	// It may be swept away by what looks after such places.
	must(t, os.RemoveAll(good))
	wantNone(t, s, key)
	keep(t, s, some())
	wantKept(t, s, some())
}

func TestThePlacesOfAUser(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "yet")
	base := "filelock-" + strconv.Itoa(os.Geteuid())
	t.Setenv("TMPDIR", "/tmp/of/this/session")
	usualOnes := []string{"/var/tmp/" + base, "/tmp/of/this/session/" + base}
	for value, want := range map[string][]string{
		"":          usualOnes,
		"relative":  usualOnes, // would be another one for each
		"/my/state": append([]string{"/my/state"}, usualOnes...),
	} {
		t.Setenv(dirVar, value)
		var got []string
		for _, p := range usual() {
			got = append(got, p.path)
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %q, want %q", value, got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%q: %q, want %q", value, got, want)
			}
		}
	}
	t.Setenv(dirVar, dir)
	s := Open()
	wantNone(t, s, key)
	if _, err := os.Lstat(dir); err == nil {
		t.Error("made to look into it")
	}
	keep(t, s, some())
	wantKept(t, Open(), some())
	if got := s.Where(); got != dir {
		t.Errorf("keeps in %q, want %q", got, dir)
	}
}
