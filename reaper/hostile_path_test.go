package reaper_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/reaper"
)

const depth = 100_000

func TestHostilePaths(t *testing.T) {
	tooLong, lockedDir := "*fs.PathError", ""
	if runtime.GOOS == "windows" {
		lockedDir = "*fs.PathError ErrUnsupported" // LockFileEx is for files only
	}
	if emulation.Wine() {
		tooLong = "free" // it says that there is no such file
	}
	for _, c := range []struct {
		trap
		path string // "DIR" is an existing directory
	}{
		{trap{name: "empty", inspect: "*fs.PathError fs.ErrInvalid", soft: "*fs.PathError fs.ErrInvalid", file: "*fs.PathError fs.ErrInvalid"}, ""},
		{trap{name: "NUL", inspect: "*fs.PathError", soft: "*fs.PathError fs.ErrInvalid", file: "*fs.PathError fs.ErrInvalid"}, "DIR/job\x00.lock"},
		{trap{name: "241 bytes", inspect: "free", soft: "*fs.PathError ENAMETOOLONG", file: "*fs.PathError ENAMETOOLONG"}, "DIR/" + strings.Repeat("x", 241)},
		{trap{name: "longer than a name can be", inspect: tooLong, soft: "*fs.PathError ENAMETOOLONG", file: "*fs.PathError ENAMETOOLONG"}, "DIR/" + strings.Repeat("x", 300)},
		{trap{name: "a guard's name", inspect: "free", soft: "*fs.PathError fs.ErrInvalid", file: "*fs.PathError fs.ErrInvalid"}, "DIR/.job.lock.1.guard"},
		{trap{name: "a gate's name", inspect: "free", soft: "*fs.PathError fs.ErrInvalid", file: "*fs.PathError fs.ErrInvalid"}, "DIR/.job.lock.gate"},
		{trap{name: "a fence's name", inspect: "free", soft: "*fs.PathError fs.ErrInvalid", file: "*fs.PathError fs.ErrInvalid"}, "DIR/.job.lock.fence"},
		{trap{name: "missing parent", inspect: "*fs.PathError fs.ErrNotExist", soft: "*fs.PathError fs.ErrNotExist", file: "*fs.PathError fs.ErrNotExist"}, "DIR/missing/job.lock"},
		{trap{name: "parent is a file", inspect: "*fs.PathError", soft: "*fs.PathError", file: "*fs.PathError",
			put: func(t *testing.T, path string) { write(t, filepath.Dir(path), []byte("data")) }}, "DIR/file/job.lock"},
		{trap{name: "directory", inspect: "*fs.PathError ErrIrregular", soft: "*fs.PathError ErrIrregular", file: lockedDir,
			put: func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o755)) }}, "DIR/job.lock"},
		{trap{name: "directory, slash at the end", inspect: "*fs.PathError ErrIrregular", soft: "*fs.PathError ErrIrregular", file: lockedDir,
			put: func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o755)) }}, "DIR/job.lock/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Dir(tempLock(t))
			path := strings.Replace(c.path, "DIR", dir, 1)
			if c.put != nil {
				c.put(t, path)
			}
			spring(t, self(), c.trap, dir, path)
		})
	}
}

// What is in the file is somebody's data: a hard lock may be taken on it, as
// with flock(1), and leaves it alone.
func TestHostileContents(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 16<<10)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	contents := map[string][]byte{
		"noise":                        noise,
		"arrays nested 100000 deep":    []byte(strings.Repeat("[", depth) + strings.Repeat("]", depth)),
		"objects nested 100000 deep":   []byte(strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)),
		"a record nested 100000 deep":  []byte(`{"format":"filelock/1","x":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + "}\n"),
		"a record of 17 KiB":           []byte(`{"format":"filelock/1","x":"` + strings.Repeat("a", 17<<10) + "\"}\n"),
		"as deep as a record may be":   []byte(`{"format":"filelock/1","x":` + strings.Repeat("[", 8000) + strings.Repeat("]", 8000) + "}\n"),
		"NULs after a record's prefix": append([]byte(`{"format":"filelock/1"`), make([]byte, 4096)...),
		"invalid UTF-8":                []byte("{\"format\":\"filelock/1\",\"\xff\xfe\":\"\xc3\x28\"}\n"),
	}
	for name, b := range contents {
		t.Run(name, func(t *testing.T) {
			path := tempLock(t)
			write(t, path, b)
			spring(t, self(), trap{inspect: "unknown", soft: "ErrNotLockFile"}, filepath.Dir(path), path)
		})
	}
}

// Strings from a lock file reach terminals and logs: none may carry control
// characters there.
func TestHostileStringsAreNotRepeatedRaw(t *testing.T) {
	id := ended(t)
	id.Hostname, id.MachineID, id.BootID, id.User, id.Program = "\x1b[2Jhost\n", "\x1b]0;m\x07", "\x1b[31m", "\x1b[u", "\r\x1b[p"
	for _, c := range []string{"elsewhere", "here"} {
		r := recordOf(id)
		if c == "here" {
			me := ended(t)
			r.BootID, r.MachineID = me.BootID, me.MachineID
			r.PIDNamespace = "1"
		}
		r.Filesystem, r.Inode, r.KernelLock = "\x1b[1m", "1", true
		path := tempLock(t)
		write(t, path, encode(t, r))
		verdict(t, self(), path, "unknown", "unknown", reaper.RuleUnproven)
		got := self().order(t, "inspect", path)
		sentences(t, append(got.Evidence, got.Missing))
		if a := self().order(t, "try", "soft", path); strings.ContainsAny(a.Err, "\x1b\n\r\x07") || !a.is("ErrHeld") {
			t.Errorf("the error has control characters in it: %q", a.Err)
		}
	}
}
