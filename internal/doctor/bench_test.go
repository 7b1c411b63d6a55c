package doctor

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
)

// left is what a killed run left: a directory of that name with some files.
func left(t *testing.T, dir, name string, files ...string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	must(t, os.Mkdir(path, 0o700))
	for _, f := range files {
		var text []byte
		if f == ownerFile {
			text = owner(t, self())
		}
		must(t, os.WriteFile(filepath.Join(path, f), text, 0o600))
	}
	return path
}

func owner(t *testing.T, g greeting) []byte {
	t.Helper()
	text, err := json.Marshal(g)
	must(t, err)
	return text
}

func TestASweepTakesWhatIsDeadAndNothingElse(t *testing.T) {
	needLocal(t)
	const id = "00112233445566"
	for _, tt := range []struct {
		what  string
		make  func(t *testing.T, dir string) string
		local bool
		gone  bool
	}{
		{"killed", func(t *testing.T, dir string) string {
			p := left(t, dir, benchPrefix+id+"01", ownerFile, filePrefix+"x")
			age(t, p, 2*deadAfter)
			return p
		}, true, true},
		{"perhaps alive on a client of this server", func(t *testing.T, dir string) string {
			p := left(t, dir, benchPrefix+id+"08")
			must(t, os.WriteFile(filepath.Join(p, ownerFile), owner(t, greeting{Host: "client", Boot: "another", PID: 1}), 0o600))
			age(t, p, 2*deadAfter)
			return p
		}, true, false},
		{"killed just now", func(t *testing.T, dir string) string { return left(t, dir, benchPrefix+id+"02", ownerFile) }, true, false},
		{"killed, on a network filesystem", func(t *testing.T, dir string) string {
			p := left(t, dir, benchPrefix+id+"03", ownerFile)
			age(t, p, abandonedAfter/2)
			return p
		}, false, false},
		{"killed long ago, on a network filesystem", func(t *testing.T, dir string) string {
			p := left(t, dir, benchPrefix+id+"04", ownerFile)
			age(t, p, 2*abandonedAfter)
			return p
		}, false, true},
		{"alive", func(t *testing.T, dir string) string {
			b := benchAt(dir, id+"05", Options{FS: fsys.Real})
			must(t, b.make())
			t.Cleanup(func() { _ = b.clear() })
			age(t, b.path, 2*abandonedAfter)
			return b.path
		}, true, false},
		{"with something else in it", func(t *testing.T, dir string) string {
			p := left(t, dir, benchPrefix+id+"06", ownerFile, "mine")
			age(t, p, 2*abandonedAfter)
			return filepath.Join(p, "mine")
		}, true, false},
		{"a meeting long ago", func(t *testing.T, dir string) string {
			p := filepath.Join(dir, meetingFile)
			must(t, os.WriteFile(p, nil, 0o600))
			old := time.Now().Add(-2 * abandonedAfter)
			must(t, os.Chtimes(p, old, old))
			return p
		}, true, true},
		{"a meeting", func(t *testing.T, dir string) string {
			p := filepath.Join(dir, meetingFile)
			must(t, os.WriteFile(p, nil, 0o600))
			return p
		}, true, false},
		{"another name", func(t *testing.T, dir string) string {
			p := left(t, dir, benchPrefix+"notes", ownerFile)
			age(t, p, 2*abandonedAfter)
			return p
		}, true, false},
		{"a link", func(t *testing.T, dir string) string {
			p := left(t, t.TempDir(), benchPrefix+id+"07", ownerFile)
			age(t, p, 2*abandonedAfter)
			if err := os.Symlink(p, filepath.Join(dir, benchPrefix+id+"07")); err != nil {
				t.Skip(err)
			}
			return filepath.Join(p, ownerFile)
		}, true, false},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := tt.make(t, dir)
			o := Options{FS: fsys.Real}
			if !tt.local {
				o.FS = &lies{class: fsys.Class{Type: "nfs"}}
			}
			b, err := newBench(dir, o)
			must(t, err)
			must(t, b.clear())
			if _, err := os.Lstat(path); (err != nil) != tt.gone {
				t.Errorf("%s: %v", path, err)
			}
		})
	}
}

func TestIDsAreWhatWasMadeAndNothingElse(t *testing.T) {
	if id := newID(); !isID(id) {
		t.Errorf("%q is none", id)
	}
	for _, s := range []string{"", "..", "0011223344556677889", "001122334455667", "00112233445566/7", "0011223344556677\n", "00112233445566AA", "zz11223344556677"} {
		if isID(s) {
			t.Errorf("%q is one", s)
		}
	}
}

func TestMountOptionsAreWeighed(t *testing.T) {
	for _, tt := range []struct {
		fstype, options string
		want            weakness
		says            string
	}{
		{"nfs4", "vers=4.2,hard,proto=tcp,local_lock=none", 0, ""},
		{"nfs", "vers=3,hard,nolock,local_lock=all", ownLocks, "nolock"},
		{"nfs", "vers=3,hard,local_lock=flock", ownLocks, "local_lock=none"},
		{"nfs", "vers=3,local_lock=posix", 0, ""},
		{"nfs4", "soft,nocto", stale | breaks, "nocto"},
		{"nfs4", "softerr", breaks, "hard"},
		{"nfs4", "acregmax=3600", 0, "3600 s old"},
		{"nfs4", "acregmax=60,acdirmax=30", 0, ""},
		{"cifs", "vers=3.1.1,soft,cache=strict", 0, ""}, // soft is how it is always mounted
		{"cifs", "nobrl,cache=loose", ownLocks | stale, "cache=strict"},
		{"9p", "trans=virtio,cache=loose", stale, "cache=none"},
		{"lustre", "localflock", ownLocks, "flock"},
		{"ext4", "nolock,soft,nocto", 0, ""},
	} {
		weak, said := weigh(tt.fstype, strings.Split(tt.options, ","))
		text := strings.Join(said, "\n")
		if weak != tt.want || !strings.Contains(text, tt.says) || tt.says == "" && text != "" {
			t.Errorf("%s %s: %d, %q", tt.fstype, tt.options, weak, text)
		}
	}
}

// What the mount's options break is not to be trusted.
func TestWeakMountsAreNotTrusted(t *testing.T) {
	all := map[string]finding{}
	for _, c := range append((&bench{}).checks(), check{name: checkPeersLocks}) {
		all[c.name] = good("")
	}
	for _, tt := range []struct {
		weak weakness
		bad  []Kind
	}{{0, nil}, {ownLocks, []Kind{Hard}}, {stale, []Kind{Soft, Lease}}} {
		b := &bench{class: fsys.Class{Type: "nfs"}, weakness: tt.weak}
		r := &run{o: Options{For: Kinds}, report: func(Result) {}, found: all}
		if got := r.conclude(b); got != (len(tt.bad) == 0) {
			t.Errorf("%d: trusted is %v", tt.weak, got)
		}
		for _, k := range tt.bad {
			if !r.bad(string(k)) {
				t.Errorf("%d: %s is %v", tt.weak, k, r.found[string(k)])
			}
		}
	}
}

func TestAnExportedDirectoryIsForThisHostOnlyOrANetworkFilesystem(t *testing.T) {
	all := map[string]finding{}
	for _, c := range (&bench{}).checks() {
		all[c.name] = good("")
	}
	all[checkExported] = bad("")
	r := &run{report: func(Result) {}, found: all}
	r.conclude(&bench{class: fsys.Class{Type: "ext4", Local: true}})
	if !r.ok(string(Soft)) || !strings.Contains(r.found[string(Soft)].detail, "--network") {
		t.Errorf("soft: %v", r.found[string(Soft)])
	}
	if !r.bad(string(Hard)) || !r.bad(checkKernelBacked) {
		t.Errorf("hard: %v", r.found[string(Hard)])
	}
}
