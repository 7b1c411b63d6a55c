package reaper_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// write puts bytes where a lock would be.
func write(t *testing.T, path string, b []byte) {
	t.Helper()
	must(t, os.WriteFile(path, b, 0o644))
}

// recordOf is a soft lock's record without a kernel lock, for an owner.
func recordOf(who meta.Identity) *meta.Record {
	r := &meta.Record{Format: meta.Format, Kind: meta.KindSoft, Token: uuid.NewString(), Created: time.Now().UTC()}
	r.SetOwner(who)
	return r
}

func encode(t *testing.T, r *meta.Record) []byte {
	t.Helper()
	b, err := r.Encode()
	must(t, err)
	return b
}

// ended is the identity of a process that has ended; it needs to know itself
// only, so the record is taken from a lock that it took.
func ended(t *testing.T) meta.Identity {
	t.Helper()
	path := tempLock(t)
	p := owner(t, path)
	b, err := os.ReadFile(path)
	must(t, err)
	p.end(t)
	c := meta.Parse(b)
	if c.Class != meta.Complete {
		t.Fatalf("a lock's record does not parse: %s", c.Reason)
	}
	return c.Record.Owner()
}

// onThisFile makes a record claim the kernel lock of the file at path.
func onThisFile(t *testing.T, path string, r *meta.Record) *meta.Record {
	t.Helper()
	write(t, path, nil)
	return claiming(t, path, r)
}

// claiming is onThisFile for a file that is there and stays as it is.
func claiming(t *testing.T, path string, r *meta.Record) *meta.Record {
	t.Helper()
	f, err := fsys.Real.At(filepath.Dir(path)).Open(filepath.Base(path), fsys.OpenRead)
	must(t, err)
	info, err := f.Info()
	must(t, err)
	class, err := f.Class()
	must(t, errors.Join(err, f.Close()))
	r.KernelLock, r.Inode, r.Filesystem = true, strconv.FormatUint(info.Ino, 10), class.Type
	return r
}

func TestWhatARecordWithoutAKernelLockProves(t *testing.T) {
	needIdentity(t)
	live, dead := start(t), ended(t)
	living, err := meta.Of(obeys(t, live, "pid").N)
	must(t, err)
	hasNamespaces := meta.Self().PIDNamespace != ""
	change := func(id meta.Identity, f func(*meta.Identity)) meta.Identity { f(&id); return id }
	for _, c := range []struct {
		name  string
		id    meta.Identity
		lease int64
		want  func(t *testing.T, path string)
	}{
		{"live", living, 0, alive(reaper.RuleProcessAlive)},
		{"live, no start", change(living, func(i *meta.Identity) { i.Start = "" }), 0, alive(reaper.RuleProcessAlive)},
		{"live, with a lease", living, 60000, alive(reaper.RuleProcessAlive)},
		{"live, another time namespace", change(living, func(i *meta.Identity) { i.TimeNamespace, i.Start = "1", "1" }), 0, alive(reaper.RuleProcessAlive)},
		{"ended", dead, 0, dies(reaper.RuleProcessGone)},
		{"ended, with a lease", dead, 60000, dies(reaper.RuleProcessGone)},
		{"pid of another process", change(living, func(i *meta.Identity) { i.Start = "1" }), 0, dies(reaper.RuleProcessGone)},
		{"ended, other boot id", change(dead, func(i *meta.Identity) { i.BootID = uuid.NewString() }), 0, unknown("boot id")},
		{"ended, no boot id", change(dead, func(i *meta.Identity) { i.BootID = "" }), 0, unknown("kernel")},
		{"ended, other machine id", change(dead, func(i *meta.Identity) { i.MachineID = strings.Repeat("ab", 16) }), 0, unknown("another machine")},
		{"ended, no machine id", change(dead, func(i *meta.Identity) { i.MachineID = "" }), 0, unknown("kernel")},
		{"ended, other host", change(dead, func(i *meta.Identity) {
			i.Hostname, i.BootID, i.MachineID = "elsewhere", uuid.NewString(), strings.Repeat("cd", 16)
		}), 0, unknown("elsewhere")},
		{"ended, other host, with a lease", change(dead, func(i *meta.Identity) {
			i.Hostname, i.BootID, i.MachineID = "elsewhere", uuid.NewString(), strings.Repeat("cd", 16)
		}), 60000, unknown("lease of 1m0s")},
		{"ended, other PID namespace", change(dead, func(i *meta.Identity) { i.PIDNamespace = "1" }), 0, unknown("namespace")},
		{"ended, no PID namespace", change(dead, func(i *meta.Identity) { i.PIDNamespace = "" }), 0, where(hasNamespaces, unknown("namespace"), dies(reaper.RuleProcessGone))},
		{"ended, host name equal only", meta.Identity{PID: dead.PID, Hostname: dead.Hostname}, 0, unknown("proves nothing")},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := tempLock(t)
			r := recordOf(c.id)
			r.LeaseMS = c.lease
			write(t, path, encode(t, r))
			c.want(t, path)
		})
	}
}

// needIdentity skips where the operating system does not tell which kernel,
// machine and namespace a pid belongs to.
func needIdentity(t *testing.T) {
	t.Helper()
	if me := meta.Self(); !meta.SamePIDNamespace(me, me) || me.BootID == "" || me.MachineID == "" || me.Start == "" {
		t.Skipf("this system does not tell enough about processes: %+v", me)
	}
}

func alive(rule string) func(*testing.T, string) {
	return func(t *testing.T, path string) { isAlive(t, self(), path, rule) }
}

func where(is bool, yes, no func(*testing.T, string)) func(*testing.T, string) {
	if is {
		return yes
	}
	return no
}

func dies(rule string) func(*testing.T, string) {
	return func(t *testing.T, path string) { isDead(t, self(), path, rule) }
}

// unknown: and what is said about it has these words in it.
func unknown(words string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		r := isUnknown(t, self(), path)
		if all := strings.Join(append(r.Evidence, r.Missing), "; "); !strings.Contains(all, words) {
			t.Errorf("%q is not said: %s", words, all)
		}
	}
}

// The kernel lock needs nobody's pid: neither the host nor the boot matters.
func TestAFreeKernelLockIsProofFromAnywhere(t *testing.T) {
	for name, id := range map[string]meta.Identity{
		"a live process here": meta.Self(),
		"another boot":        {PID: 1, Hostname: "here", BootID: uuid.NewString(), MachineID: meta.Self().MachineID},
		"another host":        {PID: 1, Hostname: "elsewhere", BootID: uuid.NewString(), MachineID: strings.Repeat("ab", 16)},
		"nothing known":       {PID: 1, Hostname: "elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			path := tempLock(t)
			write(t, path, encode(t, onThisFile(t, path, recordOf(id))))
			isDead(t, self(), path, reaper.RuleKernelLockFree)
		})
	}
	for name, spoil := range map[string]func(*meta.Record){
		"another inode":      func(r *meta.Record) { r.Inode += "0" },
		"no inode":           func(r *meta.Record) { r.Inode = "" },
		"another filesystem": func(r *meta.Record) { r.Filesystem = "exotic" },
		"no filesystem":      func(r *meta.Record) { r.Filesystem = "" },
	} {
		t.Run(name, func(t *testing.T) {
			path := tempLock(t)
			r := onThisFile(t, path, recordOf(meta.Identity{PID: 1, Hostname: "elsewhere"}))
			spoil(r)
			write(t, path, encode(t, r))
			isUnknown(t, self(), path)
		})
	}
}

func TestThisProcessKnowsItsOwnLocks(t *testing.T) {
	me := meta.Self()
	mine := func(t *testing.T) (string, *meta.Record) { return tempLock(t), recordOf(me) }
	t.Run("abandoned", func(t *testing.T) {
		path, r := mine(t)
		write(t, path, encode(t, r))
		isDead(t, self(), path, reaper.RuleOwnProcess)
	})
	t.Run("held", func(t *testing.T) {
		path, r := mine(t)
		host.Real.Tokens.Enter(r.Token)
		defer host.Real.Tokens.Remove(r.Token)
		write(t, path, encode(t, r))
		isAlive(t, self(), path, reaper.RuleProcessAlive)
	})
	t.Run("of another copy of the library", func(t *testing.T) {
		path, r := mine(t)
		r.Instance = uuid.NewString()
		write(t, path, encode(t, r))
		isAlive(t, self(), path, reaper.RuleProcessAlive)
	})
	t.Run("of no known copy", func(t *testing.T) {
		path, r := mine(t)
		r.Instance = ""
		write(t, path, encode(t, r))
		isAlive(t, self(), path, reaper.RuleProcessAlive)
	})
	t.Run("on behalf", func(t *testing.T) {
		path, r := mine(t)
		r.OnBehalf = true
		write(t, path, encode(t, r))
		isAlive(t, self(), path, reaper.RuleProcessAlive)
	})
	t.Run("seen by another process", func(t *testing.T) {
		path, r := mine(t)
		write(t, path, encode(t, r))
		isAlive(t, start(t), path, reaper.RuleProcessAlive)
	})
}
