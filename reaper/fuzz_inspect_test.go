//go:build unix

package reaper_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/meta"
	"github.com/filelock-go/filelock/reaper"
)

// FuzzInspect: whatever is in a lock file, it is judged, not changed, and dead
// only with the proof for it; what is not dead is not broken, and what somebody
// has locked is alive. In the text, @ and a name stand for what this process
// could have written there.
func FuzzInspect(f *testing.F) {
	const (
		required = `{"format":"filelock/1","token":"0190f6a2-7b3c-4d5e-8f90-a1b2c3d4e5f6","hostname":"h","created":"2025-01-01T00:00:00Z"`
		here     = `,"boot_id":"@boot","machine_id":"@machine","pid_namespace":"@pidns","time_namespace":"@timens"`
	)
	for _, s := range []string{
		"", "{", required, "data", "4711\n", "12\nhost\n", `{"format":"filelock/2"}`, `{"format":"filelock/1","kind":"file",,`,
		required + `,"pid":@pid}`,
		required + `,"pid":@pid,"start":"@start"` + here + `}`,
		required + `,"pid":@pid,"start":"1"` + here + `}`,
		required + `,"pid":999999999,"start":"1"` + here + `}`,
		required + `,"pid":999999999,"start":"1"` + here + `,"kind":"file"}`,
		required + `,"pid":999999999,"boot_id":"@boot","machine_id":"other"}`,
		required + `,"pid":999999999,"boot_id":"@boot","machine_id":"@machine","pid_namespace":"1"}`,
		required + `,"pid":1,"kernel_lock":true,"inode":"@inode","filesystem":"@type","device":"@device"}`,
		required + `,"pid":1,"kernel_lock":true,"inode":"1@inode","filesystem":"@type"}`,
		required + `,"pid":1,"kernel_lock":false,"inode":"@inode","filesystem":"@type"}`,
		required + `,"pid":@pid,"start":"@start","kernel_lock":true,"inode":"@inode","filesystem":"@type","device":"1"` + here + `}`,
		required + `,"pid":@pid,"instance":"@instance"}`,
		required + `,"pid":@pid,"instance":"@instance","on_behalf":true,"lease_ms":9223372036854775807}`,
	} {
		f.Add(s, false)
		f.Add(s, true)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string, held bool) {
		path := dir + "/x.lock"
		needSoft(t, path)
		t.Cleanup(func() { _ = os.Remove(path) })
		file, err := os.Create(path)
		must(t, err)
		must(t, file.Close())
		at := fsys.Real.At(dir)
		info, class := about(t, at)
		text = inserted(text, info, class)
		must(t, os.WriteFile(path, []byte(text), 0o644))
		if held {
			mine, err := at.Open("x.lock", fsys.OpenWrite)
			must(t, err)
			defer func() { must(t, mine.Close()) }()
			must(t, mine.TryLock(fsys.Exclusive))
		}
		before := snapshot(t, dir)

		st, err := reaper.Inspect(context.Background(), path)
		must(t, err)
		if after := snapshot(t, dir); after != before {
			t.Fatalf("%q: the look changed it:\n%s\nbefore:\n%s", text, after, before)
		}
		wantSense(t, text, st)
		switch st.Verdict {
		case reaper.Dead:
			if why := proof(st, info, class, held); why != "" {
				t.Fatalf("%q is dead by rule %s, but %s", text, st.Rule, why)
			}
		case reaper.Expired:
			t.Fatalf("%q is expired at the first look", text)
		}
		if held && (st.Verdict != reaper.Alive || st.State != reaper.Held) {
			t.Fatalf("%q is locked, and %s (%s)", text, st.State, st.Verdict)
		}

		for _, o := range []reaper.Options{{}, {Force: true}} {
			if o.Force && !held {
				continue // whatever is there is what force removes
			}
			_, err = reaper.Break(context.Background(), path, o)
			if _, serr := os.Lstat(path); (serr != nil) != (st.Verdict == reaper.Dead) {
				t.Fatalf("%q is %s, and after the break (%v): %v", text, st.Verdict, err, serr)
			}
			if wantErr := st.State != reaper.Free && st.State != reaper.Stale; wantErr != errors.Is(err, reaper.ErrRefused) || !wantErr && err != nil {
				t.Fatalf("%q is %s, and break says %v", text, st.State, err)
			}
		}
	})
}

func about(t *testing.T, at fsys.Dir) (fsys.Info, fsys.Class) {
	t.Helper()
	file, err := at.Open("x.lock", fsys.OpenRead)
	must(t, err)
	info, err := file.Info()
	must(t, err)
	class, err := file.Class()
	must(t, err)
	must(t, file.Close())
	return info, class
}

func inserted(text string, info fsys.Info, class fsys.Class) string {
	self := meta.Self()
	return strings.NewReplacer("@boot", self.BootID, "@machine", self.MachineID, "@pidns", self.PIDNamespace, "@timens", self.TimeNamespace,
		"@pid", strconv.Itoa(self.PID), "@start", self.Start, "@instance", self.Instance, "@type", class.Type,
		"@inode", strconv.FormatUint(info.Ino, 10), "@device", strconv.FormatUint(info.Dev, 10)).Replace(text)
}

// wantSense: what is said goes together, and is for people.
func wantSense(t *testing.T, text string, st reaper.Status) {
	t.Helper()
	want := map[reaper.Verdict]reaper.State{"": reaper.Free, reaper.Alive: reaper.Held, reaper.Dead: reaper.Stale, reaper.Unknown: reaper.StateUnknown}[st.Verdict]
	if !st.Exists || st.State != want || len(st.Evidence) == 0 || (st.Verdict == reaper.Unknown) != (st.Missing != "") || (st.Verdict == "") != (st.Rule == "") {
		t.Fatalf("%q: %+v", text, st)
	}
	if string(st.Raw) != text && len(st.Raw) <= meta.MaxSize {
		t.Fatalf("%q is read as %q", text, st.Raw)
	}
	for _, s := range append(st.Evidence, st.Missing) {
		if !utf8.ValidString(s) || strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) {
			t.Fatalf("%q: this is not to be shown: %q", text, s)
		}
	}
}

// proof says what is missing of the proof that the owner is dead, or "". It
// looks at the record once more, in the words of the design.
func proof(st reaper.Status, info fsys.Info, class fsys.Class, held bool) string {
	r, self := st.Record, meta.Self()
	switch {
	case held:
		return "somebody has the kernel lock"
	case st.Rule == reaper.RuleCreatorDied && class.KernelBacked() && meta.Parse(st.Raw).Class == meta.Torn:
		return ""
	case r == nil || r.Kind == meta.KindFile:
		return "there is no soft lock's record"
	}
	switch st.Rule {
	case reaper.RuleKernelLockFree:
		if !class.KernelBacked() || !r.KernelLock || r.Inode != strconv.FormatUint(info.Ino, 10) || r.Filesystem != class.Type {
			return "the kernel lock is not on this file"
		}
	case reaper.RuleOwnProcess:
		if r.OnBehalf || r.Instance != self.Instance || r.PID != self.PID {
			return "this process did not write it"
		}
	case reaper.RuleProcessGone:
		if r.BootID == "" || r.BootID != self.BootID || r.MachineID == "" || r.MachineID != self.MachineID || r.PIDNamespace == "" || r.PIDNamespace != self.PIDNamespace {
			return "the pid is of another kernel or namespace"
		}
		p := meta.Look(r.PID)
		if p.State == meta.Running && (p.Start == "" || r.Start == "" || r.Start == p.Start || r.TimeNamespace != self.TimeNamespace) {
			return "the process runs"
		}
		if p.State == meta.StateUnknown {
			return "the kernel does not say"
		}
	default:
		return "that is no rule for it"
	}
	return ""
}
