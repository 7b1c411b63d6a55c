//go:build unix || windows

package simfs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/leaks"
	"github.com/filelock-go/filelock/internal/simfs"
)

func TestMain(m *testing.M) { os.Exit(leaks.Check(m)) }

func TestTheSimulatedFilesystemAnswersAsTheDisks(t *testing.T) { conforms(t, t.TempDir()) }

const (
	sequences = 400
	length    = 120
)

// conforms makes random calls in a directory and in a simulated one, and
// compares the answers. Everything that can be answered has to come up.
func conforms(t *testing.T, path string) {
	if !fsys.LocksBelongToFile {
		t.Skip("this system's kernel locks belong to processes; flock's, which are simulated, belong to open files")
	}
	class, err := fsys.Real.At(path).Class()
	must(t, err)
	if !class.Local {
		skip(t, "%s is on %s, and a local filesystem is simulated", path, class.Type)
	}
	seen := map[string]int{}
	few := uint64(sequences)
	if emulation.Wine() { // where a call is some milliseconds
		few = 40
	}
	for seed := range few {
		b := &both{t: t, rnd: rand.New(rand.NewPCG(seed, 1)), dir: fsys.Real.At(path), path: path, seen: seen, given: map[fsys.ID]bool{}}
		b.note("with seed %d on %s:", seed, class.Type)
		b.play()
	}
	for _, answer := range answers {
		if seen[answer] == 0 {
			t.Errorf("in no sequence there was a %q, so that it was not compared", answer)
		}
	}
	t.Logf("on %s an inode number was given again %d times", class.Type, seen["number given again"])
}

// play makes the calls of one sequence, and leaves the directory empty.
func (b *both) play() {
	defer b.closeReal()
	for n := 0; n < length; {
		c := calls[b.rnd.IntN(len(calls))]
		if c(b, b.rnd.IntN(processes)) {
			n++
		}
	}
	for p := range processes {
		kill(b, p)
	}
	unlink(b, 0)
}

// calls are what may be called, the frequent ones several times. Each makes the
// call in both worlds, or returns false where it cannot be made.
var calls = slices.Concat(
	[]call{list, kill, probe, unlink, unlock, truncate, fstat},
	slices.Repeat([]call{create, openRead, openWrite, openMake, lstat, writeHalf, closeFile}, 2),
	slices.Repeat([]call{write, read}, 4), slices.Repeat([]call{lock}, 8),
)

type call func(b *both, process int) bool

// answers is what has to come up: calls and the first word of what they told.
var answers = strings.Split(strings.TrimSpace(`
create: ok
create: exists
open: ok
open: missing
open for writing: ok
open for writing: missing
open or create: ok
open or create, anew: ok
lstat: ok
lstat: missing
fstat: ok
list: a name
list: nothing
unlink: ok
unlink: missing
read: empty
read: torn
read: mixed
read: whole
write: ok
truncate: ok
write half over empty: torn
write half over torn: torn
write half over torn: mixed
write half over mixed: torn
write half over mixed: mixed
write half over whole: torn
write half over whole: mixed
lock shared over none: ok
lock shared over none: refused
lock shared over shared: ok
lock shared over exclusive: ok
lock exclusive over none: ok
lock exclusive over none: refused
lock exclusive over shared: ok
lock exclusive over shared: refused
lock exclusive over exclusive: ok
unlock: ok
probe: ok
probe: refused
close: ok
kill: ok
`), "\n")

// both is a directory, and the simulated one that is to be like it.
type both struct {
	t    *testing.T
	rnd  *rand.Rand
	seen map[string]int // the answers, in all sequences
	log  []string       // the calls of this one

	dir      fsys.Dir
	path     string
	open     [processes][simfs.Files]fsys.File
	writable [processes][simfs.Files]bool
	given    map[fsys.ID]bool // the numbers that files of this sequence had

	w       simfs.World
	id      [simfs.Inodes]fsys.ID // what the simulated numbers stand for
	written uint8                 // records
}

// The processes are sets of open files, which is all that flock knows of them;
// one more has nothing open and looks at the others.
const (
	processes = simfs.Processes - 1
	observer  = processes
)

func (b *both) note(format string, args ...any) { b.log = append(b.log, fmt.Sprintf(format, args...)) }

func (b *both) fail(format string, args ...any) {
	b.t.Helper()
	b.t.Fatalf("%s\n%s", strings.Join(b.log, "\n"), fmt.Sprintf(format, args...))
}

// same compares the answers to a call.
func (b *both) same(process int, call, simulated, real string) {
	b.t.Helper()
	b.note("  %c %s: %s", 'A'+process, call, real)
	if simulated != real {
		b.fail("the simulated filesystem says: %s", simulated)
	}
	word, _, _ := strings.Cut(real, ",")
	b.seen[call+": "+word]++
}

// number is a simulated inode number for a new file: the lowest that is free.
// No file that still exists has the real one.
func (b *both) number(id fsys.ID) simfs.Ino {
	var free simfs.Ino
	for i := simfs.Ino(simfs.Inodes - 1); i > 0; i-- {
		switch {
		case !b.w.Exists(i):
			free = i
		case b.id[i] == id:
			b.fail("a new file gets number %d, which inode %d has, that still exists", id.Ino, i)
		}
	}
	if b.given[id] {
		b.seen["number given again"]++
	}
	b.given[id] = true
	return free
}

// inode is what is told of a real inode, in the simulated numbers.
func (b *both) inode(info fsys.Info) string {
	which := "unknown"
	for i := simfs.Ino(1); i < simfs.Inodes; i++ {
		same := b.id[i] == info.ID
		if emulation.Wine() { // it does not know the volume of a file without a name
			same = b.id[i].Ino == info.Ino
		}
		if b.w.Exists(i) && same {
			which = fmt.Sprint(i)
		}
	}
	return told(which, info.Size == 0)
}

func (b *both) simulated(i simfs.Ino) string {
	return told(fmt.Sprint(i), b.w.Data[i].Form == simfs.Empty)
}

func told(inode string, empty bool) string {
	if empty {
		return "ok, inode " + inode + ", empty"
	}
	return "ok, inode " + inode + ", not empty"
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, fs.ErrExist):
		return "exists"
	case errors.Is(err, fs.ErrNotExist):
		return "missing"
	case errors.Is(err, fsys.ErrLocked):
		return "refused"
	}
	return err.Error()
}

func ifElse(ok bool, yes, no string) string {
	if ok {
		return yes
	}
	return no
}

// closeReal is for the end of a sequence that went wrong.
func (b *both) closeReal() {
	for p := range b.open {
		for _, f := range b.open[p] {
			if f != nil {
				must(b.t, f.Close())
			}
		}
	}
}

// skip skips a test that cannot run here, and fails it where nothing may be
// skipped.
func skip(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("FILELOCK_TEST_NOSKIP") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
