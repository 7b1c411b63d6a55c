package meta_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/filelock-go/filelock/meta"
)

// seed gives a target what the tests know to be interesting.
func seed(f *testing.F) {
	for _, s := range []string{
		"", string(encode(f, full())), head + `,"x":[{"a":[1,2,{}]},"\ud800"]}` + "\n", `{"format":"filelock/2"`, "12\nhost\nstart\n", " 4711\n",
		without(created) + `,"created":"9999-12-31T23:59:59-0`, beginning + `,"token":"0190f6a2\u002`, head + `,"labels":{"a":"\ud83d\`,
	} {
		f.Add([]byte(s))
	}
}

// FuzzParse: whatever is in a lock file, it is one of the five things, and what
// is said of it is true.
func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		c := meta.Parse(b)
		if !bytes.Equal(b, before) {
			t.Fatal("the text was changed")
		}
		if n := meta.MaxSize + 1; len(b) > n && !reflect.DeepEqual(c, meta.Parse(b[:n])) {
			t.Fatalf("what stands behind byte %d matters", n)
		}
		if (c.Class == meta.Malformed) != (c.Reason != "") || (c.Class == meta.Complete) != (c.Record != nil) ||
			(c.Class == meta.Newer) != (c.Version != "") || (c.Class == meta.Foreign) != (c.Foreign != nil) {
			t.Fatalf("what goes with %v is missing, or more: %+v", c.Class, c)
		}
		if len(c.Reason) > 1000 || !printable(c.Reason) || !printable(c.Version) {
			t.Fatalf("not for people: %q %q", c.Reason, c.Version)
		}
		switch c.Class {
		case meta.Complete:
			wantRecord(t, b, c.Record)
		case meta.Torn:
			// Near the largest size not every text has room for its end.
			if len(b) < meta.MaxSize-1024 {
				wantCompletable(t, b)
			}
		case meta.Newer:
			if !bytes.HasPrefix(b, []byte(`{"format":"`+c.Version+`"`)) || c.Version == meta.Format {
				t.Fatalf("%q is of version %q", b, c.Version)
			}
		}
		if _, err := meta.Decode(b); (err == nil) != (c.Class == meta.Complete) {
			t.Fatalf("%v, but Decode says %v", c.Class, err)
		}
	})
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) })
}

// wantRecord compares a record with what encoding/json reads in the same text,
// and with itself after it was written again.
func wantRecord(t *testing.T, b []byte, r *meta.Record) {
	t.Helper()
	var other map[string]json.RawMessage
	if err := json.Unmarshal(b, &other); err != nil {
		t.Fatalf("%q is complete, but not JSON: %v", b, err)
	}
	var known struct {
		Format, Token, Hostname string
		PID                     int
		Created                 time.Time
		Note                    string
	}
	for key, to := range map[string]any{
		"format": &known.Format, "token": &known.Token, "hostname": &known.Hostname, "pid": &known.PID, "created": &known.Created, "note": &known.Note,
	} {
		if value, ok := other[key]; ok || key != "note" {
			if err := json.Unmarshal(value, to); err != nil {
				t.Fatalf("%q: %s: %v", b, key, err)
			}
		}
	}
	if known.Format != r.Format || known.Token != r.Token || known.Hostname != r.Hostname || known.PID != r.PID || !known.Created.Equal(r.Created) || known.Note != r.Note {
		t.Fatalf("%q is\n     %+v\nto encoding/json\n     %+v", b, *r, known)
	}
	for key, value := range r.Extra {
		var line bytes.Buffer
		if err := json.Compact(&line, other[key]); err != nil || line.String() != string(value) {
			t.Fatalf("%q: the value of %q is %q, to encoding/json %q, %v", b, key, value, line.String(), err)
		}
	}
	again, err := r.Encode()
	if err != nil {
		t.Fatalf("%q cannot be written again: %v", b, err)
	}
	if read := parse(t, again); !reflect.DeepEqual(read, *r) {
		t.Fatalf("%q was\n     %+v\nand is now\n     %+v", b, *r, read)
	}
	for n := 0; n < len(again)-1; n += 1 + len(again)/1000 {
		if p := meta.Parse(again[:n]); p.Class != meta.Torn {
			t.Fatalf("%q is %v (%s)", again[:n], p.Class, p.Reason)
		}
	}
}

var (
	pidFile    = regexp.MustCompile(`^ *[1-9][0-9]{0,9} *\n?$`)
	pythonFile = regexp.MustCompile(`^[1-9][0-9]{0,9}\n[^\n ]+(\n[^\n]+)?\n?$`)
)

// FuzzForeign: a lock file of another program has one of two forms, and says
// what it says.
func FuzzForeign(f *testing.F) {
	for _, s := range []string{"1", "4711\n", "      4711\n", "12\nhost\n", "12\nhöst\n17:42 boot 1.5\n", "2147483648\n", "12\nho\x1b[2Jst\n", "12\n\n", "007\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o := meta.Parse(b).Foreign
		if o == nil {
			if digits := strings.Trim(strings.TrimSuffix(string(b), "\n"), " "); pidFile.Match(b) && len(digits) < 10 && len(b) < 100 {
				t.Fatalf("%q is not recognised", b)
			}
			return
		}
		if o.PID < 1 || int64(o.PID) > 1<<31-1 || !printable(o.Hostname) || !printable(o.Start) || len(o.Hostname) > 255 || len(o.Start) > 128 {
			t.Fatalf("%q names %+v", b, o)
		}
		switch o.Format {
		case "pid file":
			if !pidFile.Match(b) || o.Hostname+o.Start != "" {
				t.Fatalf("%q is no pid file: %+v", b, o)
			}
		case "Python filelock":
			if !pythonFile.Match(b) || o.Hostname == "" {
				t.Fatalf("%q is not Python's: %+v", b, o)
			}
		default:
			t.Fatalf("%q is a %q", b, o.Format)
		}
	})
}

// FuzzEncode: what is written is read back as it was, and what would not be is
// refused.
func FuzzEncode(f *testing.F) {
	f.Add("soft", token, "h", "id", int64(1), "12", "4026531836", "ext4", "64768", int64(60000), uint64(7), "say \"hi\"\n", "label", "x_future", `{"n":[1]}`, int64(1741523696), int64(5))
	f.Add("\xff", token, "\x1b", "", int64(1<<32), "", "x", "", "253:0", int64(-1), uint64(1<<63), "\u2028", "\xff", "pid", "1 2", int64(1<<40), int64(-1))
	f.Add("", token, "", "", int64(1), "", "", "", "253:0", int64(0), uint64(0), "", "", "", "", int64(0), int64(0))
	f.Add("", token, "", "", int64(1), "", "", "", "", int64(0), uint64(0), "", "", "", `01`, int64(-62167219200), int64(0))
	f.Fuzz(func(t *testing.T, kind, token, host, text string, pid int64, start, ns, filesystem, device string, lease int64, fence uint64, note, label, extra, value string, sec, nsec int64) {
		r := meta.Record{
			Kind: kind, Token: token, Hostname: host, Instance: text, PID: int(pid), Start: start, BootID: text, MachineID: host,
			PIDNamespace: ns, TimeNamespace: ns, User: text, Program: note, OnBehalf: fence%2 == 1, KernelLock: fence%3 == 1,
			Inode: start, Filesystem: filesystem, Device: device, LeaseMS: lease, Fence: fence, Note: note,
			Created: time.Unix(sec, nsec), Labels: map[string]string{label: text, "a": note},
		}
		if extra != "" || value != "" {
			r.Extra = map[string]json.RawMessage{extra: json.RawMessage(value)}
		}
		b, err := r.Encode()
		if err != nil {
			if !errors.Is(err, meta.ErrMalformed) && !errors.Is(err, meta.ErrTooLarge) || !printable(err.Error()) {
				t.Fatalf("%+v: %q", r, err)
			}
			return
		}
		if bytes.Count(b, []byte("\n")) != 1 || b[len(b)-1] != '\n' || !utf8.Valid(b) || !json.Valid(b) {
			t.Fatalf("not one line of JSON: %q", b)
		}
		got := parse(t, b)
		if got.Token != token || int64(got.PID) != pid || got.Start != start || got.Inode != start || got.PIDNamespace != ns || got.Device != device ||
			got.LeaseMS != lease || got.Fence != fence || !got.Created.Equal(r.Created) || got.OnBehalf != r.OnBehalf || got.KernelLock != r.KernelLock {
			t.Fatalf("%+v was read back as\n%+v", r, got)
		}
		for _, s := range [][2]string{{kind, got.Kind}, {host, got.Hostname}, {text, got.User}, {filesystem, got.Filesystem}, {note, got.Note}} {
			if s[1] != string([]rune(s[0])) { // each byte that is no UTF-8 is U+FFFD
				t.Fatalf("%q was read back as %q", s[0], s[1])
			}
		}
		if again := encode(t, got); !bytes.Equal(again, b) {
			t.Fatalf("%q is written again as %q", b, again)
		}
		var marshalled meta.Record
		j, err := json.Marshal(r)
		if err == nil {
			err = json.Unmarshal(j, &marshalled)
		}
		if err != nil || marshalled.Token != token || marshalled.Note != got.Note {
			t.Fatalf("by encoding/json: %v, %+v", err, marshalled)
		}
	})
}

// FuzzUnmarshal: of others' JSON only a record is read, and an error leaves the
// record as it was.
func FuzzUnmarshal(f *testing.F) {
	seed(f)
	f.Add([]byte("null"))
	f.Add([]byte(`{"pid":1,"created":"2025-01-01T00:00:00Z","hostname":"h","format":"filelock/1","token":"` + token + `"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := least()
		err := r.UnmarshalJSON(b)
		switch {
		case err != nil && !errors.Is(err, meta.ErrMalformed):
			t.Fatalf("%q: %v", b, err)
		case err != nil || string(b) == "null":
			if !reflect.DeepEqual(r, least()) {
				t.Fatalf("%q: %v, and the record is %+v", b, err, r)
			}
			return
		case !json.Valid(b):
			t.Fatalf("%q is no JSON", b)
		}
		if got := parse(t, encode(t, r)); !reflect.DeepEqual(got, r) {
			t.Fatalf("%q is %+v, then %+v", b, r, got)
		}
	})
}

// FuzzPrintable: what a stranger wrote is fit for a terminal, and short.
func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"", "host", "\x1b[2J", "\xff", "\u202e", strings.Repeat("é", 150), strings.Repeat("\x80", 300), "\U0001f600"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := meta.Printable(s)
		if !printable(p) || len(p) > 2000 || p == "" && s != "" {
			t.Fatalf("%q is shown as %q", s, p)
		}
		if printable(s) && len(s) <= 200 && p != s {
			t.Fatalf("%q needs no quotes: %q", s, p)
		}
	})
}
