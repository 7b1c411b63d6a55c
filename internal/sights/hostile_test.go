package sights

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOddContentsAreNoSight(t *testing.T) {
	dir := private(t)
	s := In(dir)
	keep(t, s, some())
	good := lineOf(t, some())
	other := some()
	other.Key = "/another.lock"
	for _, bad := range []string{
		"", "\n", "null\n", "{}\n", "[]\n", "\x00\xff", good, good + "\n\n", good + "\r\n", " " + good + "\n", good + "\n" + good + "\n",
		good[:len(good)/2],
		strings.Replace(good, `"reads":3`, `"reads":-3`, 1) + "\n",
		strings.Replace(good, `"reads":3`, `"reads":3.0`, 1) + "\n",
		strings.Replace(good, `"reads":3`, `"reads":3e99`, 1) + "\n",
		strings.Replace(good, `"reads":3`, `"reads":"3"`, 1) + "\n",
		strings.Replace(good, `"reads":3`, `"reads":3,"reads":3`, 1) + "\n",
		strings.Replace(good, `"reads":3`, `"reads":3,"more":1`, 1) + "\n",
		strings.Replace(good, `"reads"`, `"Reads"`, 1) + "\n",
		strings.Replace(good, `"first_ns":5000000000`, `"first_ns":-5`, 1) + "\n",
		strings.Replace(good, `"first_ns":5000000000`, `"first_ns":25000000001`, 1) + "\n",
		strings.Replace(good, `"first_ns":5000000000`, `"first_ns":99999999999999999999`, 1) + "\n",
		strings.Replace(good, `"5d2c"`, `""`, 1) + "\n",
		strings.Replace(good, `"5d2c"`, `"\"5d2c"`, 1) + "\n",
		strings.Replace(good, `"5d2c"`, `"\"5d2c\""`, 1) + "\n",
		strings.Replace(good, `"5d2c"`, "\"5d\xff\"", 1) + "\n",
		strings.Replace(good, `"5d2c"`, `null`, 1) + "\n",
		lineOf(t, other) + "\n",
		good + strings.Repeat(" ", maxLine) + "\n",
		strings.Repeat("[", maxLine-1) + "\n",
	} {
		if bad == good+"\n" {
			t.Fatalf("the case is that of a good line: %q", bad)
		}
		must(t, os.WriteFile(filepath.Join(dir, name(key)), []byte(bad), 0o600))
		if got, ok := s.Recall(key); ok {
			t.Errorf("%.200q: recalled %+v", bad, got)
		}
	}
	// So that none of them passed for another reason.
	must(t, os.WriteFile(filepath.Join(dir, name(key)), []byte(good+"\n"), 0o600))
	wantKept(t, s, some())
	must(t, os.WriteFile(filepath.Join(dir, name(key)), []byte("odd"), 0o600))
	keep(t, s, some())
	wantKept(t, s, some())
}

func TestALinkIsNotFollowed(t *testing.T) {
	dir := private(t)
	s := In(dir)
	keep(t, s, some())
	file := filepath.Join(dir, name(key))
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	must(t, os.Rename(file, elsewhere))
	if err := os.Symlink(elsewhere, file); err != nil {
		t.Skip(err) // Windows, without the right to
	}
	before, err := os.ReadFile(elsewhere)
	must(t, err)
	wantNone(t, s, key)
	v := some()
	v.Reads++
	keep(t, s, v)
	wantKept(t, s, v)
	after, err := os.ReadFile(elsewhere)
	must(t, err)
	if !bytes.Equal(before, after) {
		t.Errorf("%q was written through a link: %q", elsewhere, after)
	}
}

func TestADirectoryInAPlaceOfASight(t *testing.T) {
	dir := private(t)
	s := In(dir)
	must(t, os.MkdirAll(filepath.Join(dir, name(key)), 0o700))
	wantNone(t, s, key)
	if err := s.Keep(some()); err == nil {
		t.Error("kept in the place of a directory")
	}
	s.Forget(key)
	wantNames(t, dir, name(key))
}

func FuzzDecode(f *testing.F) {
	b, err := some().encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"key":"\"\\xff\"","boot":"b","print":"","first_ns":0,"last_ns":0,"reads":1}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := decode(b)
		if !ok {
			return
		}
		if err := s.check(); err != nil {
			t.Errorf("%q: %v", b, err)
		}
		again, err := s.encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q became %q, %v", b, again, err)
		}
	})
}
