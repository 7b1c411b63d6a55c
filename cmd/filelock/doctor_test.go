package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/fsys"
)

// What users' scripts rely on, by hand: the keys of doctor --json, and the
// checks, in their order.
var (
	checkKeys   = []string{"check", "ok", "detail"}
	hostChecks  = []string{"filesystem", "mount", "exported", "permissions", "create-exclusive", "link", "rename", "unlink-open", "kernel-locks", "lock-after-death", "timestamps", "renewal", "clock", "attribute-cache", "fence"}
	pairChecks  = []string{"peers-create-exclusive", "peers-open", "peers-stat", "peers-remove-open", "peers-kernel-locks", "peers-counter-kept", "peers-counter", "peers-counter-locked", "peers"}
	conclusions = []string{"kernel-backed", "soft", "hard", "lease"}
)

// needKernelBacked skips where less can be said about temporary directories.
func needKernelBacked(t *testing.T) {
	t.Helper()
	if c, err := fsys.Real.At(t.TempDir()).Class(); err != nil || !c.KernelBacked() {
		t.Skipf("temporary directories are on %v (%v)", c, err)
	}
}

// checks are the results in what doctor --json says: "true", "false" or "null".
func checks(t *testing.T, out string) (names []string, ok map[string]string, detail map[string]string) {
	t.Helper()
	ok, detail = map[string]string{}, map[string]string{}
	for l := range strings.Lines(out) {
		l = strings.TrimSuffix(l, "\n")
		m := plainObject(t, l, checkKeys)
		name, _ := m["check"].(string)
		names = append(names, name)
		detail[name], _ = m["detail"].(string)
		if detail[name] == "" {
			t.Errorf("no detail: %s", l)
		}
		switch v := m["ok"].(type) {
		case bool:
			ok[name] = strconv.FormatBool(v)
		case nil:
			ok[name] = "null"
		default:
			t.Errorf("ok is %v", v)
		}
	}
	return names, ok, detail
}

func emptyDir(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Errorf("left behind: %s", e.Name())
	}
}

func TestDoctorOnALocalDirectory(t *testing.T) {
	needKernelBacked(t)
	dir := t.TempDir()
	r := filelock(t, dir, "doctor", "--json", ".").wantCode(t, exitOK)
	names, ok, _ := checks(t, r.out)
	if got, want := strings.Join(names, " "), strings.Join(append(append([]string{}, hostChecks...), conclusions...), " "); got != want {
		t.Errorf("checks\n%s, want\n%s", got, want)
	}
	for _, c := range append([]string{"create-exclusive", "kernel-locks", "lock-after-death", "renewal", "fence"}, conclusions...) {
		if ok[c] != "true" {
			t.Errorf("%s is %s\n%s", c, ok[c], r.out)
		}
	}
	if r.err != "" {
		t.Errorf("stderr: %s", r.err)
	}
	r = filelock(t, dir, "doctor", "--for", "soft", "--for=hard", dir).wantCode(t, exitOK)
	wantText(t, "the text", r.out, "ok  filesystem ", "ok  soft ", "ok  hard ")
	emptyDir(t, dir)
}

func TestDoctorIsHonestAboutWhatCannotBeExamined(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for arg, says := range map[string]string{"missing": "missing", "file": "file"} {
		r := filelock(t, dir, "doctor", arg).wantCode(t, exitNoDir)
		wantText(t, arg, r.err, "filelock: ", says)
		if r.out != "" {
			t.Errorf("%s: %s", arg, r.out)
		}
	}
	wantText(t, "a missing directory", filelock(t, dir, "doctor", "missing").err, "hint: ")
	closed := filepath.Join(dir, "closed")
	if err := os.Mkdir(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	if os.WriteFile(filepath.Join(closed, "x"), nil, 0o600) == nil {
		t.Skip("this user may write everywhere")
	}
	r := filelock(t, dir, "doctor", "closed").wantCode(t, exitPermission)
	wantText(t, "a closed directory", r.err, "filelock: ", "closed", "hint: ")
}

func TestDoctorAloneIsNotTrusted(t *testing.T) {
	needKernelBacked(t)
	dir := t.TempDir()
	r := filelock(t, dir, "doctor", "--json", "--peers", "2", "--wait", "0.1", ".").wantCode(t, exitUntrusted)
	_, ok, detail := checks(t, r.out)
	if ok["peers"] != "false" || ok["soft"] != "true" {
		t.Error(r.out)
	}
	wantText(t, "peers", detail["peers"], "no partner came within 100ms")
	wantText(t, "stderr", r.err, "filelock: waiting for a partner for up to 100ms", "hint: ")
	emptyDir(t, dir)
}

func TestDoctorOfTwo(t *testing.T) {
	needKernelBacked(t)
	dir := t.TempDir()
	args := []string{"doctor", "--json", "--peers=2", "--wait", patience.String(), dir}
	leader := begin(t, command(dir, args...))
	guest := filelock(t, dir, args...).wantCode(t, exitOK)
	var out strings.Builder
	for l := range leader.lines {
		out.WriteString(l + "\n")
	}
	leader.end(t).wantCode(t, exitOK)
	for _, text := range []string{out.String(), guest.out} {
		names, ok, _ := checks(t, text)
		want := append(append(append([]string{}, hostChecks...), pairChecks...), conclusions...)
		if strings.Join(names, " ") != strings.Join(want, " ") {
			t.Errorf("checks %v, want %v", names, want)
		}
		for _, c := range append(append([]string{}, pairChecks...), conclusions...) {
			if ok[c] != "true" && !(emulation.Wine() && c == "peers-remove-open") { // it has no POSIX deletion
				t.Errorf("%s is %s\n%s", c, ok[c], text)
			}
		}
	}
	emptyDir(t, dir)
}

// Whenever a partner is killed, the other one comes to an end, and what is left
// of the killed one is cleared away later.
func TestDoctorOutlivesItsPartner(t *testing.T) {
	needKernelBacked(t)
	dir := t.TempDir()
	args := []string{"doctor", "--json", "--peers=2", "--wait=4", dir}
	victim := begin(t, command(dir, args...))
	waitFor(t, "the victim looks for a partner", func() bool {
		_, err := os.Lstat(filepath.Join(dir, ".filelock-doctor-peers"))
		return err == nil
	})
	other := begin(t, command(dir, args...))
	waitFor(t, "they met", func() bool {
		_, err := os.Lstat(filepath.Join(dir, ".filelock-doctor-peers"))
		return err != nil
	})
	victim.kill(t)
	var out strings.Builder
	for l := range other.lines {
		out.WriteString(l + "\n")
	}
	code := exitCode(other.end(t).code)
	_, ok, detail := checks(t, out.String())
	switch {
	case code == exitOK && ok["peers"] == "true": // it had all when the other was killed
	case code == exitUntrusted && ok["peers"] == "false":
		if d := detail["peers"]; !strings.Contains(d, "no answer") && !strings.Contains(d, "ended before its time") && !strings.Contains(d, "no partner") {
			t.Error(d)
		}
	default:
		t.Errorf("exit code %d\n%s", code, out.String())
	}
}

// The help names everything that scripts may look for.
func TestHelpDocumentsDoctor(t *testing.T) {
	help := inProcess("help", "doctor").wantCode(t, exitOK).out
	flat := strings.Join(strings.Fields(help), " ")
	for _, k := range checkKeys {
		wantText(t, "help doctor", help, "\n  "+k+" ")
	}
	for _, list := range [][]string{hostChecks, pairChecks, conclusions} {
		for _, c := range list {
			if !strings.Contains(flat, " "+c) {
				t.Errorf("help doctor does not name %s", c)
			}
		}
	}
	wantText(t, "help doctor", help, "--for", "--peers", "--wait", "--patience", "   11  ", "   66  ", "   73  ", "   77  ")
	if strings.Contains(help, "--second") {
		t.Error("help tells what is the program's own")
	}
}
