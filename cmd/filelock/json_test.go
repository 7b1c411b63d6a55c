package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/filelock-go/filelock/meta"
)

// What users' scripts rely on, written down once more and by hand: the keys of
// --json, in their order.
var (
	lockKeys    = []string{"path", "state", "mode", "kind", "verdict", "rule", "evidence", "missing", "record", "holders", "next", "error"}
	outcomeKeys = append(slices.Clone(lockKeys), "action")
	holderKeys  = []string{"pid", "program", "user", "known_by"}
)

// keys are those of a JSON object, in their order.
func keys(t *testing.T, object string) (names []string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(object))
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		t.Fatalf("not an object: %v %v: %s", tok, err, object)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name.(string))
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// plainObject checks one line of --json: valid, nothing that a terminal obeys,
// and every key in its order.
func plainObject(t *testing.T, line string, want []string) map[string]any {
	t.Helper()
	if !utf8.ValidString(line) || visible(line) != line {
		t.Errorf("not printable as it is: %q", line)
	}
	if got := keys(t, line); !slices.Equal(got, want) {
		t.Errorf("keys %q, want %q", got, want)
	}
	m := map[string]any{}
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return m
}

// object checks one line of --json: valid, nothing that a terminal obeys, and
// every key of the type that is promised.
func object(t *testing.T, line string, want []string) map[string]any {
	t.Helper()
	m := plainObject(t, line, want)
	for k, v := range m {
		ok := false
		switch k {
		case "path", "state", "action":
			_, ok = v.(string)
		case "evidence":
			_, ok = v.([]any)
		case "holders":
			var list []any
			list, ok = v.([]any)
			for _, h := range list {
				b, err := json.Marshal(h)
				if err != nil {
					t.Fatal(err)
				}
				got := keys(t, string(b))
				slices.Sort(got)
				want := slices.Sorted(slices.Values(holderKeys))
				if !slices.Equal(got, want) {
					t.Errorf("a holder has keys %q, want %q", got, want)
				}
			}
		case "record":
			_, ok = v.(map[string]any)
			ok = ok || v == nil
		default:
			s, is := v.(string)
			ok = v == nil || is && s != ""
		}
		if !ok {
			t.Errorf("%s is %#v", k, v)
		}
	}
	if !filepath.IsAbs(m["path"].(string)) {
		t.Errorf("path is %q", m["path"])
	}
	return m
}

func want(t *testing.T, m map[string]any, fields map[string]any) {
	t.Helper()
	for k, v := range fields {
		if m[k] != v {
			t.Errorf("%s is %#v, want %#v", k, m[k], v)
		}
	}
}

func TestJSONFieldByField(t *testing.T) {
	dir := t.TempDir()
	inspect := func(path string, code exitCode) map[string]any {
		t.Helper()
		r := filelock(t, dir, "inspect", "--json", path).wantCode(t, code)
		if r.err != "" || strings.Count(r.out, "\n") != 1 {
			t.Errorf("%s: %q, %q", path, r.out, r.err)
		}
		return object(t, strings.TrimSuffix(r.out, "\n"), lockKeys)
	}

	m := inspect("free.lock", exitOK)
	want(t, m, map[string]any{"path": filepath.Join(dir, "free.lock"), "state": "free", "mode": nil, "kind": nil, "verdict": nil, "rule": nil, "missing": nil, "record": nil, "next": nil, "error": nil})

	h := holding(t, dir, "held.lock")
	m = inspect("held.lock", exitHeld)
	want(t, m, map[string]any{"state": "held", "mode": "exclusive", "kind": "soft", "verdict": "alive", "rule": "kernel-lock-held", "missing": nil,
		"next": "filelock wait " + quoted(dir, "held.lock"), "error": nil})
	if got, file := m["record"].(map[string]any), record(t, dir+"/held.lock"); got["token"] != file["token"] || len(got) != len(file) {
		t.Errorf("record is %v, in the file %v", got, file)
	}
	if evidence := m["evidence"].([]any); len(evidence) == 0 || !strings.Contains(evidence[0].(string), "kernel lock") {
		t.Errorf("evidence is %v", evidence)
	}
	found := false
	for _, x := range m["holders"].([]any) {
		x := x.(map[string]any)
		if x["pid"] == float64(h.Process.Pid) {
			found = true
			if by := x["known_by"]; by != "descriptor" && by != "/proc/locks" && by != "record" {
				t.Errorf("known_by is %v", by)
			}
		}
	}
	if !found {
		t.Errorf("holders do not name %d: %v", h.Process.Pid, m["holders"])
	}

	holding(t, dir, "--hard", "-s", "shared.lock")
	want(t, inspect("shared.lock", exitHeld), map[string]any{"state": "held", "mode": "shared", "kind": nil, "verdict": "alive", "record": nil})
	holding(t, dir, "--hard", "hard.lock")
	want(t, inspect("hard.lock", exitHeld), map[string]any{"state": "held", "mode": "exclusive", "kind": "file"})

	killedOwner(t, dir, "stale.lock")
	want(t, inspect("stale.lock", exitStale), map[string]any{"state": "stale", "mode": nil, "kind": "soft", "verdict": "dead", "rule": "kernel-lock-free",
		"next": "filelock break " + quoted(dir, "stale.lock")})

	rec := elsewhere(t, dir+"/far away.lock", nil)
	m = inspect("far away.lock", exitUnknown)
	want(t, m, map[string]any{"state": "unknown", "verdict": "unknown", "rule": "unproven", "next": "filelock break --token " + rec.Token + " " + quoted(dir, "far away.lock")})
	if m["missing"] == nil {
		t.Error("unknown, and nothing is missing")
	}

	m = inspect("missing/x", exitNoDir)
	want(t, m, map[string]any{"path": filepath.Join(dir, "missing", "x"), "state": "unknown", "verdict": nil, "next": nil})
	wantText(t, "error", m["error"].(string), "missing")

	r := filelock(t, dir, "list", "--json", ".").wantCode(t, exitOK)
	states := map[string]int{}
	for l := range strings.Lines(r.out) {
		states[object(t, strings.TrimSuffix(l, "\n"), lockKeys)["state"].(string)]++
	}
	if states["held"] != 2 || states["stale"] != 1 || states["unknown"] != 1 {
		t.Errorf("list finds %v\n%s", states, r.out)
	}
	actions := func(args ...string) map[string]int {
		t.Helper()
		n := map[string]int{}
		for l := range strings.Lines(filelock(t, dir, append([]string{"reap", "--json"}, args...)...).wantCode(t, exitOK).out) {
			n[object(t, strings.TrimSuffix(l, "\n"), outcomeKeys)["action"].(string)]++
		}
		return n
	}
	if n := actions("--dry-run", "."); n["would-break"] != 1 || n["kept"] != 3 {
		t.Errorf("reap --dry-run: %v", n)
	}
	if n := actions("."); n["broken"] != 1 || n["kept"] != 3 {
		t.Errorf("reap: %v", n)
	}
	m = object(t, strings.TrimSuffix(filelock(t, dir, "reap", "--json", "missing/").wantCode(t, exitNoDir).out, "\n"), outcomeKeys)
	want(t, m, map[string]any{"action": "failed", "state": "unknown"})
}

func TestHelpDocumentsEveryJSONKey(t *testing.T) {
	help := inProcess("help", "inspect").wantCode(t, exitOK).out
	for _, k := range lockKeys {
		wantText(t, "help inspect", help, "\n  "+k+" ")
	}
	for _, k := range holderKeys {
		wantText(t, "help inspect", help, k)
	}
	wantText(t, "help reap", inProcess("help", "reap").wantCode(t, exitOK).out, "action", "broken", "would-break", "kept", "failed")
}

// escapes are what a hostile file would like a terminal to obey: clear the
// screen, set the title, an 8-bit CSI, a line of its own, a right-to-left
// override.
const escapes = "\x1b[2J\x1b]0;owned\x07\u009b31m\r\nfilelock: all is well\u202e\x7f"

// hostileNames are file names that try the same.
func hostileNames() []string {
	return []string{"esc\x1b[31mred", "new\nline.lock", "quo'te \"$(touch pwned)`.lock", "-rf", "bad\xff\xfeutf8", "csi\u009b", "ends\n", "*"}
}

func checkQuiet(t *testing.T, what, text string) {
	t.Helper()
	for l := range strings.Lines(text) {
		if l = strings.TrimSuffix(l, "\n"); visible(l) != l {
			t.Errorf("%s lets through %q", what, l)
		}
		if strings.HasPrefix(l, "filelock: all is well") {
			t.Errorf("%s lets a lock file speak for it", what)
		}
	}
}

func TestHostileContentsReachNoTerminal(t *testing.T) {
	dir := t.TempDir()
	elsewhere(t, dir+"/record", func(r *meta.Record) {
		r.Hostname, r.User, r.Program, r.Note = "h"+escapes, "u"+escapes, "p"+escapes, "n"+escapes
		r.Labels = map[string]string{"l" + escapes: escapes}
		r.Filesystem, r.KernelLock, r.Inode = "f"+escapes, true, "1"
	})
	for name, text := range map[string]string{
		"raw":    escapes,
		"newer":  `{"format":"filelock/9` + "\x1b[2J" + `"}` + "\n",
		"newer2": `{"format":"filelock/9\u001b[2J` + "\u009b" + `"}` + "\n",
		"python": "4711\nhost" + escapes + "\n",
		"pid":    "4711\n",
		"deep":   `{"format":"filelock/1","x":` + strings.Repeat("[", 8000) + strings.Repeat("]", 8000) + "}",
		"torn":   `{"format":"filelock/1","token":"`,
		"empty":  "",
		"zero":   "\x00\x00",
		"utf8":   "{\"format\":\"filelock/1\",\"note\":\"\xff\xfe\"}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		before, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"inspect"}, {"inspect", "--json"}, {"wait", "-w", "0"}, {"break", "--token", "x"}, {"break", "--token", escapes}} {
			r := filelock(t, dir, append(args, f.Name())...)
			checkQuiet(t, strings.Join(args, " ")+" "+f.Name(), r.out+r.err)
			if len(args) == 2 && args[1] == "--json" {
				object(t, strings.TrimSuffix(r.out, "\n"), lockKeys)
			}
		}
		after, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s was changed (%v)", f.Name(), err)
		}
		if f.Name() == "torn" || f.Name() == "empty" {
			continue // broken by a contender, rightly
		}
		r := filelock(t, dir, "run", "-n", f.Name(), "echo", "ran")
		checkQuiet(t, "run "+f.Name(), r.out+r.err)
		if r.code == 0 || r.out != "" {
			t.Errorf("%s: COMMAND ran", f.Name())
		}
	}
	for _, args := range [][]string{{"list", "."}, {"list", "--all", "."}, {"list", "--all", "--json", "."}, {"reap", "."}, {"reap", "--json", "."}} {
		r := filelock(t, dir, args...).wantCode(t, exitOK)
		checkQuiet(t, strings.Join(args, " "), r.out+r.err)
	}
}

func TestHostileNamesReachNoTerminalAndAreQuotedForTheShell(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs a filesystem that takes any name")
	}
	dir := t.TempDir()
	for _, name := range hostileNames() {
		path := filepath.Join(dir, name)
		elsewhere(t, path, nil)
		for _, args := range [][]string{{"inspect", "--", name}, {"run", "-n", "--", name, "true"}, {"break", "--", name}, {"wait", "-w0", "--", name}, {"inspect", "--", "no\x1b[2Jdir/" + name}, {"run", "x\x1b[2J/" + name, "true"}} {
			r := filelock(t, dir, args...)
			checkQuiet(t, strings.Join(args, " "), r.out+r.err)
			if r.code == 0 {
				t.Errorf("%q: exit code 0", args)
			}
		}
		r := filelock(t, dir, "inspect", "--json", "--", name).wantCode(t, exitUnknown)
		m := object(t, strings.TrimSuffix(r.out, "\n"), lockKeys)
		next, _ := m["next"].(string)
		if strings.HasSuffix(name, "\n") {
			if next != "" {
				t.Errorf("%q: next is %q", name, next)
			}
			continue
		}
		// The command that it offers does what it says, on this very file.
		if r := finishShell(t, dir, next); r.code != 0 {
			t.Errorf("%q: %s: exit code %d: %s", name, next, r.code, r.err)
		}
		wantGone(t, path)
		wantGone(t, dir+"/pwned")
	}
	for _, name := range hostileNames() {
		elsewhere(t, filepath.Join(dir, name), nil)
	}
	r := filelock(t, dir, "list", ".").wantCode(t, exitOK)
	checkQuiet(t, "list", r.out)
	if n := strings.Count(r.out, "\n"); n != len(hostileNames()) {
		t.Errorf("%d lines for %d files", n, len(hostileNames()))
	}
	n := 0
	for l := range strings.Lines(filelock(t, dir, "list", "--json", ".").wantCode(t, exitOK).out) {
		object(t, strings.TrimSuffix(l, "\n"), lockKeys)
		n++
	}
	if n != len(hostileNames()) {
		t.Errorf("%d objects for %d files", n, len(hostileNames()))
	}
}

func finishShell(t *testing.T, dir, script string) result {
	t.Helper()
	cmd := command(dir)
	cmd.Path, cmd.Args = systemShell, []string{"sh", "-c", script}
	return finish(t, cmd)
}

func TestVisibleKeepsWhatCanBeReadAndEscapesTheRest(t *testing.T) {
	for in, want := range map[string]string{
		"plain ä 日本": "plain ä 日本", "a\x1b[2Jb": `a\x1b[2Jb`, "a\nb": `a\nb`, "\xff": `\xff`, "\u009b": `\u009b`, "\u202e": `\u202e`, "\uFFFD": "\uFFFD",
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestPlainPathsHaveSingleBackslashes(t *testing.T) {
	for _, path := range []string{`C:\Temp\my jobs\x.lock`, `\\server\share\x.lock`, `\\?\C:\x.lock`, `c:\ä.lock`} {
		if got, want := plainPaths(fmt.Sprintf("unlock %q: there is %q", path, path)), `unlock "`+path+`": there is "`+path+`"`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for _, s := range []string{`"a\\b"`, `C:\\x`, `"C:`, `"C:\\\`, `token "\x1b"`} {
		if got := plainPaths(s); got != s {
			t.Errorf("%s is %s", s, got)
		}
	}
}

func TestShellQuotes(t *testing.T) {
	needUnix(t)
	for _, s := range append(hostileNames(), "plain", "", "a'b", "a\\b", "!x", "~", "#", "a=b", "ä", strconv.Itoa(1), "%s\x01", "\x7f0") {
		q := shell(s)
		if strings.HasSuffix(s, "\n") {
			continue
		}
		if visible(q) != q {
			t.Errorf("%q is quoted as %q", s, q)
		}
		if r := finishShell(t, t.TempDir(), "printf %s "+q); r.out != s {
			t.Errorf("%q is quoted as %s, which sh takes for %q", s, q, r.out)
		}
	}
}

func TestIrregularPathsAreClearErrors(t *testing.T) {
	needUnix(t)
	dir := t.TempDir()
	if err := os.Symlink("/etc/passwd", dir+"/secret"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", dir+"/dangling"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("loop", dir+"/loop"); err != nil {
		t.Fatal(err)
	}
	if r := finishShell(t, dir, "mkfifo fifo"); r.code != 0 {
		t.Skip(r.err)
	}
	for _, name := range []string{"secret", "dangling", "loop", "fifo", "/dev/null"} {
		for _, args := range [][]string{{"inspect", name}, {"wait", "-w", "1", name}, {"break", "--force", name}, {"run", "-n", name, "echo", "ran"}, {"run", "--hard", "-n", name, "echo", "ran"}} {
			r := filelock(t, dir, args...).wantCode(t, exitNoCreate)
			wantText(t, strings.Join(args, " "), r.err, "filelock: ", name, "not a regular file", "hint: ")
			if strings.Contains(r.out, "ran") || strings.Contains(r.out+r.err, "root:") {
				t.Errorf("%v: %q %q", args, r.out, r.err)
			}
		}
	}
	wantGone(t, dir+"/nowhere")
}

func TestAWordForAnyShellIsOneForSh(t *testing.T) {
	for in, want := range map[string]string{
		`C:\Temp\x.lock`: `"C:\Temp\x.lock"`, `C:/Temp/x.lock`: `C:/Temp/x.lock`, `C:\my jobs\it's.lock`: `"C:\my jobs\it's.lock"`, "": `""`,
		`\\server\share\x.lock`: `'\\server\share\x.lock'`, `C:\a$b.lock`: `'C:\a$b.lock'`, `C:\100%.lock`: `'C:\100%.lock'`, `C:\a&b.lock`: `"C:\a&b.lock"`, `C:\`: `'C:\'`,
		// Each of these would be a command for one shell or the other.
		`a$&calc&`: `"$(printf 'a\044\046calc\046')"`, "“;calc;“": `"$(printf '\342\200\234\073calc\073\342\200\234')"`, `$';calc;'`: `"$(printf '\044\047\073calc\073\047')"`,
	} {
		if got := forAnyShell(in); got != want {
			t.Errorf("%q is quoted as %s, want %s", in, got, want)
		}
		if runtime.GOOS != "windows" && runtime.GOOS != "plan9" {
			if r := finishShell(t, t.TempDir(), "printf %s "+want); r.out != in {
				t.Errorf("%s is %q for sh, want %q", want, r.out, in)
			}
		}
	}
}
