package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/fsys"
)

var conclusions = []string{string(Soft), string(Hard), string(Lease)}

func TestALocalDirectoryCanBeTrusted(t *testing.T) {
	needLocal(t)
	r, trusted := examine(t, Options{})
	if !trusted {
		t.Errorf("not trusted:\n%s", r.text())
	}
	for _, x := range r.list {
		if x.Check == checkRename && emulation.Wine() { // it has no POSIX renaming
			continue
		}
		if x.OK != nil && !*x.OK || x.Detail == "" {
			t.Errorf("%s is %s: %q", x.Check, spelt(x.OK), x.Detail)
		}
	}
	r.want(t, "true", checkFilesystem, checkCreate, checkKernelLocks, checkAfterDeath, checkRenewal, checkFence, checkKernelBacked)
	r.want(t, "true", conclusions...)
	var last []string
	for _, x := range r.list[len(r.list)-3:] {
		last = append(last, x.Check)
	}
	if strings.Join(last, " ") != strings.Join(conclusions, " ") {
		t.Errorf("the last lines are %v", last)
	}
}

func TestWithoutASecondProcessWhatNeedsOneIsNotTried(t *testing.T) {
	needLocal(t)
	dir := t.TempDir()
	r := &report{}
	trusted, err := Run(context.Background(), dir, Options{}, r.add)
	must(t, err)
	wantEmpty(t, dir)
	r.want(t, "null", checkAfterDeath)
	r.want(t, "true", checkCreate, checkRenewal)
	r.want(t, "false", string(Hard), string(Soft)) // it is not shown, so it is not trusted
	if trusted {
		t.Error("trusted")
	}
}

// Every check can fail: put on a filesystem that does the thing wrong, it says
// so, and so does what it means.
func TestEveryLieIsFoundOut(t *testing.T) {
	needLocal(t)
	hour := func(_ string, i fsys.Info) fsys.Info { i.ModTime = i.ModTime.Add(time.Hour); return i }
	first := map[string]fsys.Info{}
	back := time.Now()
	for _, tt := range []struct {
		lie        string
		fs         lies
		no         []string
		untrusted  []string // conclusions
		stillFine  []string
		leastFound string // in the first check's detail
	}{
		{"everybody creates", lies{create: everybodyCreates(filePrefix + "race")},
			[]string{checkCreate}, []string{string(Soft), string(Lease)}, []string{string(Hard)}, "excludes nobody"},
		{"a touch does nothing", lies{touch: func(fsys.File) error { return nil }},
			[]string{checkTimestamps, checkRenewal}, []string{string(Lease)}, []string{string(Soft), string(Hard)}, "did not change its time"},
		{"a touch cannot be seen", lies{info: func(_ string, i fsys.Info) fsys.Info { i.ModTime = time.Unix(1, 0); return i }},
			[]string{checkTimestamps, checkRenewal}, []string{string(Lease)}, []string{string(Soft), string(Hard)}, "did not change its time"},
		{"times go back", lies{info: func(_ string, i fsys.Info) fsys.Info {
			back = back.Add(-time.Second)
			i.ModTime = back
			return i
		}}, []string{checkTimestamps}, []string{string(Lease)}, nil, "back"},
		{"locks exclude nobody", lies{tryLock: func(fsys.File, string, fsys.LockMode) error { return nil }},
			[]string{checkKernelLocks, checkAfterDeath, checkKernelBacked}, []string{string(Hard), string(Soft)}, []string{string(Lease)}, "exclude nobody"},
		{"locks are never to be had", lies{tryLock: func(fsys.File, string, fsys.LockMode) error { return fsys.ErrLocked }},
			[]string{checkKernelLocks, checkAfterDeath}, []string{string(Hard), string(Soft)}, nil, "not to be had"},
		{"shared locks exclude each other", lies{tryLock: func(f fsys.File, _ string, _ fsys.LockMode) error { return f.TryLock(fsys.Exclusive) }},
			[]string{checkKernelLocks}, []string{string(Hard)}, nil, "shared"},
		{"files do not grow", lies{extend: func(f fsys.File, n int64) error { return f.Extend(min(n, 1)) }},
			[]string{checkFence, checkUnlinkOpen}, []string{string(Lease)}, []string{string(Soft), string(Hard)}, "1"},
		{"files shrink", lies{extend: func(f fsys.File, n int64) error { return errors.Join(f.Truncate(min(n, 2)), f.Extend(n)) }},
			[]string{checkFence}, []string{string(Lease)}, nil, "at least 2"},
		{"other bytes are read", lies{read: func(_ string, b []byte) []byte { return append([]byte("y"), b...) }},
			[]string{checkPermissions, checkRename}, []string{string(Soft), string(Lease)}, []string{string(Hard)}, "other bytes"},
		{"names stay", lies{unlink: func(fsys.Dir, string) error { return nil }},
			[]string{checkPermissions, checkUnlinkOpen}, []string{string(Soft), string(Lease)}, []string{string(Hard)}, "still there"},
		{"a name is gone for a moment", lies{open: func() func(fsys.Dir, string, fsys.OpenFlag) (fsys.File, error) {
			n := 0
			return func(d fsys.Dir, name string, how fsys.OpenFlag) (fsys.File, error) {
				if n++; name == filePrefix+"name" && n > 2 {
					return nil, fs.ErrNotExist
				}
				return d.Open(name, how)
			}
		}()}, []string{checkRename}, nil, conclusions, "did not find"},
		{"links are not counted", lies{info: func(_ string, i fsys.Info) fsys.Info { i.Links = 1; return i }},
			[]string{checkLink}, nil, conclusions, "counts 1"},
		{"another clock", lies{info: hour}, []string{checkClock}, nil, conclusions, "1h"},
		{"stat is out of date", lies{lstat: func(name string, i fsys.Info) fsys.Info {
			if name != filePrefix+"cache" {
				return i
			}
			if _, ok := first[name]; !ok {
				first[name] = i
			}
			return first[name]
		}}, []string{checkCache}, nil, conclusions, "old size"},
	} {
		t.Run(tt.lie, func(t *testing.T) {
			t.Parallel()
			if tt.no[0] == checkRename {
				emulation.SkipWine(t, "it has no POSIX renaming: a file that is open cannot be replaced")
			}
			r, trusted := examine(t, Options{FS: &tt.fs})
			r.want(t, "false", tt.no...)
			r.want(t, "false", tt.untrusted...)
			r.want(t, "true", tt.stillFine...)
			if got := r.get(t, tt.no[0]).Detail; !strings.Contains(got, tt.leastFound) {
				t.Errorf("%s does not say %q: %s", tt.no[0], tt.leastFound, got)
			}
			if trusted != (len(tt.untrusted) == 0) {
				t.Errorf("trusted: %v", trusted)
			}
			for _, k := range Kinds {
				r := &run{o: Options{For: []Kind{k}}, report: func(Result) {}, found: found(r)}
				if got, want := r.conclude(&bench{class: fsys.Class{Type: "ext4", Local: true}}), r.ok(string(k)); got != want {
					t.Errorf("asked for %s: %v, want %v", k, got, want)
				}
			}
		})
	}
}

func found(r *report) map[string]finding {
	m := make(map[string]finding)
	for _, x := range r.list {
		m[x.Check] = finding{x.OK, x.Detail}
	}
	return m
}

func TestWhatOneHostCannotShowIsNotTrustedWhenAsked(t *testing.T) {
	t.Parallel()
	needLocal(t)
	for _, tt := range []struct {
		class     string
		soft      string
		hard      string
		trusted   bool
		askedHard bool
	}{
		{"nfs", "true", "null", true, false},
		{"smb2", "true", "null", true, false},
		{"fuse", "null", "null", false, false},
		{"0x1234", "null", "null", false, false},
	} {
		if tt.class != "nfs" && emulation.Wine() { // each takes seconds there, and asks the system nothing else
			continue
		}
		l := &lies{class: fsys.Class{Type: tt.class}}
		r, trusted := examine(t, Options{FS: l})
		r.want(t, tt.soft, string(Soft), string(Lease))
		r.want(t, tt.hard, string(Hard))
		r.want(t, "false", checkKernelBacked)
		r.want(t, "null", checkExported, checkCache)
		if trusted != tt.trusted {
			t.Errorf("%s: trusted is %v", tt.class, trusted)
		}
		if _, trusted := examine(t, Options{FS: l, For: []Kind{Hard}}); trusted != tt.askedHard {
			t.Errorf("%s: trusted with hard locks is %v", tt.class, trusted)
		}
	}
}

func TestAFilesystemThatHangsIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	needLocal(t)
	for _, hang := range []string{checkTimestamps, "at once"} {
		t.Run(hang, func(t *testing.T) {
			if hang != "at once" {
				emulation.SkipWine(t, "what hangs has a file open, which keeps its name there, so the directory stays, as is said")
			}
			free := make(chan struct{})
			l := &lies{touch: func(fsys.File) error { <-free; return errors.New("late") }}
			if hang == "at once" {
				l = &lies{create: func(d fsys.Dir, name string, perm fs.FileMode) (fsys.File, error) {
					<-free
					return d.Create(name, perm)
				}}
			}
			dir := t.TempDir()
			r := &report{}
			trusted, err := Run(context.Background(), dir, Options{FS: l, Second: another, Patience: 3 * time.Second}, r.add)
			close(free)
			must(t, err)
			if trusted {
				t.Error("trusted")
			}
			r.want(t, "false", conclusions...)
			if hang == "at once" {
				r.want(t, "false", checkFilesystem)
				// What was made after all is removed by who made it.
				for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
					if left, err := os.ReadDir(dir); err == nil && len(left) == 0 {
						break
					}
					if time.Now().After(end) {
						t.Fatal("something is left")
					}
				}
				return
			}
			wantEmpty(t, dir)
			r.want(t, "false", checkTimestamps)
			r.want(t, "null", checkRenewal, checkClock, checkCache, checkFence)
			if d := r.get(t, checkTimestamps).Detail; !strings.Contains(d, "no answer within 3s") {
				t.Error(d)
			}
		})
	}
}

func TestAnInterruptedExaminationLeavesNothing(t *testing.T) {
	t.Parallel()
	needLocal(t)
	gone := errors.New("interrupted")
	for _, at := range []string{checkFilesystem, checkCreate, checkKernelLocks, checkRenewal} {
		dir := t.TempDir()
		ctx, cancel := context.WithCancelCause(context.Background())
		_, err := Run(ctx, dir, Options{Second: another}, func(x Result) {
			if x.Check == at {
				cancel(gone)
			}
		})
		cancel(nil)
		if !errors.Is(err, gone) {
			t.Errorf("at %s: %v", at, err)
		}
		wantEmpty(t, dir)
	}
}

func TestWhereNothingCanBeExaminedIsAnError(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for _, tt := range []struct {
		path string
		want error
	}{{filepath.Join(dir, "missing"), fs.ErrNotExist}, {file, errNotDir}} {
		r := &report{}
		if _, err := Run(context.Background(), tt.path, Options{}, r.add); !errors.Is(err, tt.want) || len(r.list) > 0 {
			t.Errorf("%s: %v, %s", tt.path, err, r.text())
		}
	}
}
