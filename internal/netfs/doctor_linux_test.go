package netfs

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// doctorSays is one line of doctor --json.
type doctorSays struct {
	Check  string
	OK     *bool
	Detail string
}

func init() {
	scenarios = append(scenarios,
		scenario{"doctor with a partner", []string{"ci", "doctor"}, doctorOfTwo, 50},
		scenario{"doctor where nobody answers", []string{"ci", "doctor"}, doctorOfTheDead, 5},
	)
}

// bringFilelock builds the command and has it where the guests see it.
func bringFilelock(t *testing.T, r *Rig) {
	t.Helper()
	filelock := filepath.Join(t.TempDir(), "filelock")
	cmd := exec.Command("go", "build", "-o", filelock, "github.com/filelock-go/filelock/cmd/filelock")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r.bring(t, filelock, "filelock")
}

// doctorOfTwo has filelock doctor find out, from two clients, what the rig knows
// of its filesystems.
func doctorOfTwo(t *testing.T, r *Rig) {
	bringFilelock(t, r)
	argv := []string{shared("filelock"), "doctor", "--json", "--patience", "30", "--peers", "2", "--wait", "60", clientDir}
	var sides [2]*Process
	for i, g := range r.Clients {
		sides[i] = g.Start(t, nil, argv...)
	}
	for i, p := range sides {
		code := p.Wait(t)
		found := map[string]doctorSays{}
		for l := range strings.Lines(p.Output()) {
			var d doctorSays
			if json.Unmarshal([]byte(l), &d) == nil && d.Check != "" {
				found[d.Check] = d
				t.Logf("%s %-22s %s: %s", r.Clients[i].Name, d.Check, spelt(d.OK), d.Detail)
			}
		}
		want := map[string]string{"peers": "true", "peers-create-exclusive": "true", "peers-open": "true", "peers-counter-locked": "true",
			"kernel-backed": "false", "soft": "true", "lease": "true"}
		for check, ok := range want {
			if got := spelt(found[check].OK); got != ok {
				t.Errorf("%s is %s, want %s: %s", check, got, ok, found[check].Detail)
			}
		}
		if !strings.Contains(found["mount"].Detail, "10.0.0.1") {
			t.Errorf("mount does not name the server: %s", found["mount"].Detail)
		}
		if trusted := spelt(found["hard"].OK) == "true"; trusted != (code == 0) || code != 0 && code != 11 {
			t.Errorf("exit code %d; %s", code, p.Output())
		}
	}
	for _, name := range strings.Fields(r.Server.Run(t, "ls", "-A", serverDir)) {
		if strings.HasPrefix(name, ".filelock-doctor") {
			t.Errorf("left behind: %s", name)
		}
	}
}

func spelt(ok *bool) string {
	switch {
	case ok == nil:
		return "null"
	case *ok:
		return "true"
	}
	return "false"
}

// doctorOfTheDead has filelock doctor look at a directory whose server is out of
// reach: it says so, and ends.
func doctorOfTheDead(t *testing.T, r *Rig) {
	bringFilelock(t, r)
	g := r.Clients[0]
	g.Cut()
	p := g.Start(t, nil, shared("filelock"), "doctor", "--json", "--patience", "3", clientDir)
	code := p.Wait(t)
	g.Heal()
	out := p.Output()
	t.Logf("exit code %d\n%s", code, out)
	// SMB is mounted soft, so that there may be an error before the patience ends.
	if strings.Contains(out, "no answer within 3s") && code == 11 || r.System.name == smb.name && code == 70 {
		return
	}
	t.Errorf("exit code %d, want 11; it says\n%s", code, out)
}
