package fsys

import (
	"io/fs"
	"os"
	"strconv"
	"testing"
)

func TestParseLockTakesLocksThatAreHeld(t *testing.T) {
	for line, want := range map[string]lockLine{
		"1: FLOCK  ADVISORY  WRITE 713 08:01:4711 0 EOF":    {Exclusive, 713, "08:01:4711"},
		"lock:\t2: FLOCK  ADVISORY  READ 9 00:2f:12 0 EOF":  {},
		"\t3: POSIX  ADVISORY  READ 9 00:2f:12 0 EOF\n":     {Shared, 9, "00:2f:12"},
		"4: OFDLCK ADVISORY  WRITE -1 fe:00:7 128 128":      {Exclusive, -1, "fe:00:7"},
		"4: -> FLOCK  ADVISORY  WRITE 713 08:01:4711 0 EOF": {},
		"5: LEASE  ACTIVE    READ 713 08:01:4711 0 EOF":     {},
		"6: FLOCK  ADVISORY  UNLCK 713 08:01:4711 0 EOF":    {},
		"7: FLOCK  ADVISORY  WRITE many 08:01:4711 0 EOF":   {},
		"8: FLOCK": {},
		"":         {},
	} {
		got, ok := parseLock(line)
		if !ok {
			got = lockLine{}
		}
		if got != want {
			t.Errorf("%q: %+v, %t, want %+v", line, got, ok, want)
		}
	}
}

func TestParseDirentSurvivesAnything(t *testing.T) {
	entry := func(ino, length, typ byte, rest string) []byte {
		b := make([]byte, direntName, 64)
		for i := range 8 { // either byte order
			b[direntIno+i] = ino
		}
		b[direntLength], b[direntLength+1] = length, length
		b[direntType] = typ
		return append(b, rest...)
	}
	for _, b := range [][]byte{nil, {1}, entry(1, 0, 8, ""), entry(1, 0xff, 8, "name"), entry(0, 1, 8, "x")} {
		if e, rest, err := parseDirent(b); err == nil {
			t.Errorf("%q: %+v, %q", b, e, rest)
		}
	}
	long := make([]byte, 0x0303-direntName)
	copy(long, "name\x00junk")
	e, rest, err := parseDirent(append(entry(1, 3, 4, ""), string(long)+"next"...))
	if err != nil || e != (Entry{"name", fs.ModeDir}) || string(rest) != "next" {
		t.Errorf("%+v, %q, %v", e, rest, err)
	}
	if e, _, err := parseDirent(append(entry(0, 3, 4, ""), long...)); err != nil || e.Name != "" {
		t.Errorf("a deleted entry: %+v, %v", e, err)
	}
}

func TestAMountHasOneIDByEveryWay(t *testing.T) {
	d, err := Real.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	fd := d.(*dir).fd
	id, ok := mountID(fd)
	about, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		t.Fatal(err)
	}
	if old, oldOK := parseMountID(string(about)); !ok || !oldOK || id != old {
		t.Errorf("%q, %t and %q, %t", id, ok, old, oldOK)
	}
	table, err := mountTable()
	if err != nil {
		t.Fatal(err)
	}
	if mountWithID(table, id) == nil {
		t.Errorf("no mount %s among %d", id, len(table))
	}
}

func TestParseMountIDSurvivesAnything(t *testing.T) {
	for in, want := range map[string]string{
		"pos:\t0\nflags:\t02100000\nmnt_id:\t41\nino:\t7\n": "41",
		"mnt_id:\t41":            "41",
		"mnt_id:\n":              "",
		"flags:\t0\n":            "",
		"":                       "",
		"pos:\t0\nx mnt_id:\t41": "",
	} {
		if got, ok := parseMountID(in); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %t, want %q", in, got, ok, want)
		}
	}
}
