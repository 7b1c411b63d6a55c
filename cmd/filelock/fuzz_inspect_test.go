//go:build unix || windows

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// FuzzInspectFile: whatever is in a file, inspect and list say what it is, as
// JSON with every key and in lines that a terminal can be shown, and leave it.
func FuzzInspectFile(f *testing.F) {
	const required = `{"format":"filelock/1","token":"0190f6a2-7b3c-4d5e-8f90-a1b2c3d4e5f6","pid":1,"hostname":"h","created":"2025-01-01T00:00:00Z"`
	for _, s := range []string{
		"", "{", "{}", "data\n", "1\n", "12\nho\u202est\n", `{"format":"filelock/2","x":"` + "\xff" + `"}`, `{"a":1,"a":2}`, required, required + "}\n",
		required + `,"kind":"file"}`, required + `,"kind":"\u001b[2J","note":"\u0000","user":"\u202e","labels":{"\ud800":"\udfff"}}`, required + `,"x":1e999999}`,
		required + `,"lease_ms":9223372036854775807,"fence":18446744073709551615}`, `{"x":` + strings.Repeat("[", 8000) + strings.Repeat("]", 8000) + "}", required + ",\"note\":\"\\\x1b\"}",
	} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		t.Chdir(dir)
		if err := os.WriteFile("x.lock", b, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"inspect", "--json", "x.lock"}, {"inspect", "x.lock"}, {"list", "--json", "--all", "."}, {"list", "--all", "."}, {"reap", "--dry-run", "--json", "x.lock"}} {
			r := inProcess(args...)
			if r.err != "" {
				t.Fatalf("%q: %v says %q", b, args, r.err)
			}
			for l := range strings.Lines(r.out) {
				l = strings.TrimSuffix(l, "\n")
				switch {
				case visible(l) != l:
					t.Fatalf("%q: %v says %q", b, args, l)
				case !slices.Contains(args, "--json"):
				case args[0] == "reap":
					wantObject(t, b, l, outcomeKeys)
				default:
					state := wantObject(t, b, l, lockKeys)
					code, known := map[string]exitCode{"free": exitOK, "held": exitHeld, "stale": exitStale, "unknown": exitUnknown}[state]
					if args[0] == "inspect" && (!known || r.code != int(code)) {
						t.Fatalf("%q: exit code %d: %s", b, r.code, l)
					}
				}
			}
			if n := strings.Count(r.out, "\n"); args[0] != "list" && n == 0 || args[1] == "--json" && n > 1 {
				t.Fatalf("%q: %v prints %d lines: %s", b, args, n, r.out)
			}
		}
		if now, err := os.ReadFile("x.lock"); err != nil || !bytes.Equal(now, b) {
			t.Fatalf("%q is now %q, %v", b, now, err)
		}
	})
}

// wantObject: the line is JSON with these keys, and its record is the object in
// the file, if there is one.
func wantObject(t *testing.T, b []byte, line string, want []string) (state string) {
	t.Helper()
	const most = 16<<10 + 1 // no more is read
	text := bytes.TrimSpace(b[:min(len(b), most)])
	isObject := bytes.HasPrefix(text, []byte("{")) && json.Valid(text)
	var m struct {
		State  string
		Record json.RawMessage
	}
	if err := json.Unmarshal([]byte(line), &m); err != nil || !slices.Equal(keys(t, line), want) {
		t.Fatalf("%q: %v: %s", b, err, line)
	}
	if shown := string(m.Record) != "null"; shown != isObject || shown && !reflect.DeepEqual(decoded(t, m.Record), decoded(t, text)) {
		t.Fatalf("%q is shown as record %s", b, m.Record)
	}
	return m.State
}

// decoded keeps numbers as they are written: they may be beyond any of Go's.
func decoded(t *testing.T, object []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
