package doctor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/emulation"
	"github.com/filelock-go/filelock/internal/fsys"
)

// patient is as long as a test waits for a partner: far longer than it takes
// with much other work.
const patient = 2 * time.Minute

// two examines a directory from two sides, each with its own filesystem.
func two(t *testing.T, mine, theirs fsys.FS) (rs [2]*report, trusted [2]bool) {
	t.Helper()
	dir := t.TempDir()
	var wg sync.WaitGroup
	var errs [2]error
	for i, f := range []fsys.FS{mine, theirs} {
		rs[i] = &report{}
		wg.Go(func() {
			trusted[i], errs[i] = Run(context.Background(), dir, Options{FS: f, Peers: true, Wait: patient, Second: another}, rs[i].add)
		})
	}
	wg.Wait()
	must(t, errors.Join(errs[:]...))
	wantEmpty(t, dir)
	return rs, trusted
}

var peersFine = append([]string{checkPeers}, peersChecks...)

func TestTwoOnAGoodDirectory(t *testing.T) {
	t.Parallel()
	needLocal(t)
	rs, trusted := two(t, fsys.Real, fsys.Real)
	for i, r := range rs {
		r.want(t, "true", peersFine...)
		r.want(t, "true", conclusions...)
		if !trusted[i] {
			t.Errorf("not trusted:\n%s", r.text())
		}
		if d := r.get(t, checkPeers).Detail; !strings.Contains(d, "same machine") {
			t.Error(d)
		}
		if d := r.get(t, checkPeersCounter).Detail; !strings.Contains(d, "200 of 200") {
			t.Error(d)
		}
	}
}

// The lies about what only two can see, told to both sides; in each all else
// must be found to be well.
func TestEveryLieBetweenTwoIsFoundOut(t *testing.T) {
	needLocal(t)
	nfs := fsys.Class{Type: "nfs"}
	remembered := func() func(string, []byte) []byte {
		var mu sync.Mutex
		first := map[string][]byte{}
		return func(name string, text []byte) []byte {
			mu.Lock()
			defer mu.Unlock()
			if !strings.HasPrefix(name, filePrefix+"counter") || strings.Contains(name, "mutex") {
				return text
			}
			if _, known := first[name]; !known {
				first[name] = text
			}
			return first[name]
		}
	}
	var mu sync.Mutex
	seen := map[string]fsys.Info{}
	oldest := func(only string) func(string, fsys.Info) fsys.Info {
		return func(name string, i fsys.Info) fsys.Info {
			mu.Lock()
			defer mu.Unlock()
			if !strings.Contains(name, only) {
				return i
			}
			if _, known := seen[name]; !known {
				seen[name] = i
			}
			return seen[name]
		}
	}
	for _, tt := range []struct {
		lie       string
		fs        func() *lies // one for each side
		no        []string
		untrusted []string
		fine      []string
		says      string
	}{
		{"everybody creates", func() *lies { return &lies{class: nfs, create: everybodyCreates(filePrefix + "race0")} },
			[]string{checkPeersCreate}, []string{string(Soft), string(Lease)}, []string{checkPeersOpen, checkPeersLocks, checkPeersCounter, string(Hard)}, "excludes nobody between hosts"},
		{"renewals cannot be seen", func() *lies { return &lies{class: nfs, info: oldest("-open-touch")} },
			[]string{checkPeersOpen}, []string{string(Soft), string(Lease)}, []string{checkPeersCreate, checkPeersStat, checkPeersCounter, string(Hard)}, "a touch is not seen"},
		{"who creates what is there is not refused", func() *lies {
			return &lies{class: nfs, create: func(d fsys.Dir, name string, perm fs.FileMode) (fsys.File, error) {
				if strings.HasSuffix(name, "-new") {
					return everybodyCreates(name)(d, name, perm)
				}
				return d.Create(name, perm)
			}}
		}, []string{checkPeersOpen}, []string{string(Soft), string(Lease)}, []string{checkPeersCreate, string(Hard)}, "refused at once: false"},
		{"names of open files stay", func() *lies {
			return &lies{class: nfs, unlink: func(d fsys.Dir, name string) error {
				if strings.HasSuffix(name, "-held") { // and renaming it first is not what is done on nfs
					return nil
				}
				return d.Unlink(name)
			}}
		}, []string{checkPeersRemove}, nil, []string{checkPeersOpen, checkPeersCreate, string(Soft), string(Hard), string(Lease)}, "cannot be used"},
		{"stat is old", func() *lies { return &lies{class: nfs, lstat: oldest("-stat-extend")} },
			[]string{checkPeersStat}, nil, []string{checkPeersOpen, checkPeersCreate, string(Soft), string(Hard), string(Lease)}, "growth is not seen"},
		{"locks stay within the host", func() *lies {
			return &lies{class: nfs, tryLock: func(f fsys.File, name string, m fsys.LockMode) error {
				if strings.HasSuffix(name, "r-lock") || strings.HasSuffix(name, "t-lock") && name != filePrefix+"lock" {
					return nil
				}
				return f.TryLock(m)
			}}
		}, []string{checkPeersLocks}, []string{string(Hard)}, []string{checkPeersCreate, checkPeersOpen, string(Soft), string(Lease)}, "exclude nobody"},
		{"what is read is old", func() *lies { return &lies{class: nfs, read: remembered()} },
			[]string{checkPeersKept, checkPeersCounter, checkPeersLocked}, nil, []string{checkPeersCreate, checkPeersOpen, string(Hard)}, "of 200 updates"},
	} {
		t.Run(tt.lie, func(t *testing.T) {
			t.Parallel()
			if tt.no[0] != checkPeersRemove && tt.no[0] != checkPeersLocks {
				emulation.SkipWine(t, "what is lied to here does not ask the system, and takes long there")
			}
			rs, trusted := two(t, tt.fs(), tt.fs())
			for i, r := range rs {
				r.want(t, "true", checkPeers)
				came := "false"
				if tt.no[0] == checkPeersRemove && nfs.KeepsNames() { // Windows: there renaming it first is what is done
					came = "true"
				}
				r.want(t, came, tt.no...)
				r.want(t, "false", tt.untrusted...)
				r.want(t, "true", tt.fine...)
				if d := r.get(t, tt.no[0]).Detail; !strings.Contains(d, tt.says) {
					t.Errorf("%s does not say %q: %s", tt.no[0], tt.says, d)
				}
				if trusted[i] != (len(tt.untrusted) == 0) {
					t.Errorf("trusted: %v", trusted[i])
				}
			}
		})
	}
}

func TestAloneIsNotTrusted(t *testing.T) {
	needLocal(t)
	dir := t.TempDir()
	r := &report{}
	waits := 0
	trusted, err := Run(context.Background(), dir, Options{Second: another, Peers: true, Wait: 200 * time.Millisecond, Waiting: func() { waits++ }}, r.add)
	must(t, err)
	wantEmpty(t, dir)
	if trusted || waits != 1 {
		t.Errorf("trusted %v, waited %d times", trusted, waits)
	}
	r.want(t, "true", conclusions...) // it is the partner that is missing
	r.want(t, "false", checkPeers)
	if d := r.get(t, checkPeers).Detail; !strings.Contains(d, "no partner came within 200ms") {
		t.Error(d)
	}
}

func init() {
	// stuck is a partner that stops in the middle of what needs two.
	roles["stuck"] = func(dir string) error {
		f := &lies{tryLock: func(f fsys.File, name string, m fsys.LockMode) error {
			if strings.HasSuffix(name, "leader-lock") || strings.HasSuffix(name, "guest-lock") {
				fmt.Println("stuck")
				select {}
			}
			return f.TryLock(m)
		}}
		_, err := Run(context.Background(), dir, Options{FS: f, Peers: true, Wait: patient}, func(Result) {})
		return err
	}
}

func TestAPartnerThatIsKilledIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	needLocal(t)
	dir := t.TempDir()
	partner := process("stuck", dir)
	partner.Stderr = os.Stderr
	out, err := partner.StdoutPipe()
	must(t, err)
	must(t, partner.Start())
	killed := make(chan error, 1)
	go func() {
		line, err := bufio.NewReader(out).ReadString('\n')
		if line != "stuck\n" {
			err = fmt.Errorf("it says %q (%w)", line, err)
		}
		killed <- errors.Join(err, partner.Process.Kill())
		_ = partner.Wait()
	}()
	r := &report{}
	trusted, err := Run(context.Background(), dir, Options{Peers: true, Wait: 5 * time.Second}, r.add)
	must(t, err)
	must(t, <-killed)
	if trusted {
		t.Error("trusted")
	}
	r.want(t, "false", checkPeers)
	if d := r.get(t, checkPeers).Detail; !strings.Contains(d, "not all was tried") || !strings.Contains(d, "no answer for 5s") {
		t.Error(d)
	}
	// The killed one's own bench is left, of the pair's nothing.
	left, err := os.ReadDir(dir)
	must(t, err)
	if len(left) != 1 {
		t.Errorf("%d left behind", len(left))
	}
	// A later run clears it away.
	age(t, filepath.Join(dir, left[0].Name()), 2*deadAfter)
	_, err = Run(context.Background(), dir, Options{}, func(Result) {})
	must(t, err)
	wantEmpty(t, dir)
}

// age makes a directory and what is in it older.
func age(t *testing.T, path string, d time.Duration) {
	t.Helper()
	old := time.Now().Add(-d)
	entries, err := os.ReadDir(path)
	must(t, err)
	for _, e := range entries {
		must(t, os.Chtimes(filepath.Join(path, e.Name()), old, old))
	}
	must(t, os.Chtimes(path, old, old))
}

// The leader clears away when the guest has its findings, and not before.
func TestTheLastAnswerIsReadBeforeAnythingIsClearedAway(t *testing.T) {
	dir := t.TempDir()
	for _, box := range []string{leaderBox, guestBox} {
		must(t, os.WriteFile(filepath.Join(dir, box), nil, 0o600))
	}
	d := fsys.Real.At(dir)
	var looks atomic.Int32
	watched := (&lies{open: func(d fsys.Dir, name string, how fsys.OpenFlag) (fsys.File, error) {
		if name == guestBox {
			looks.Add(1)
		}
		return d.Open(name, how)
	}}).At(dir)
	leader := &mailbox{dir: watched, mine: leaderBox, theirs: guestBox, wait: patient}
	guest := &mailbox{dir: d, mine: guestBox, theirs: leaderBox, wait: patient}
	over := make(chan error, 1)
	go func() {
		_, err := leader.serve(context.Background(), newHand(d), []Result{{Check: "x"}})
		over <- err
	}()
	re, err := guest.ask(context.Background(), request{Do: doResults})
	must(t, err)
	if len(re.Said) != 1 {
		t.Errorf("the answer is %+v", re)
	}
	for before := looks.Load(); looks.Load() < before+2; {
		select {
		case <-over:
			t.Fatal("the leader does not wait until its answer was read")
		case <-time.After(time.Millisecond):
		}
	}
	must(t, guest.send(reply{}))
	must(t, <-over)
}

func TestOfWhatBothFoundTheWorseCounts(t *testing.T) {
	for _, tt := range []struct{ a, b, want *bool }{
		{&yes, &yes, &yes}, {&yes, &no, &no}, {&no, &yes, &no}, {&no, nil, &no}, {nil, &no, &no}, {nil, &yes, nil}, {&yes, nil, nil}, {nil, nil, nil},
	} {
		p := &pair{you: greeting{Host: "there"}}
		found := map[string]finding{checkPeersOpen: {tt.a, "x"}}
		p.merge(found, []Result{{checkPeersOpen, tt.b, "y"}, {checkPeersStat, tt.b, strings.Repeat("z", 2*mostDetail)}})
		f := found[checkPeersOpen]
		if spelt(f.ok) != spelt(tt.want) || f.detail != "here: x; on there: y" {
			t.Errorf("%s and %s: %s, %q", spelt(tt.a), spelt(tt.b), spelt(f.ok), f.detail)
		}
		if f := found[checkPeersStat]; spelt(f.ok) != spelt(tt.b) || len(f.detail) != mostDetail {
			t.Errorf("only there: %s, %d bytes", spelt(f.ok), len(f.detail))
		}
	}
}
