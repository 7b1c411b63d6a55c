package reaper_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/reaper"
)

// sentinels are told by name between processes.
var sentinels = map[string]error{
	"ErrHeld": lock.ErrHeld, "ErrLost": lock.ErrLost, "ErrNotLockFile": lock.ErrNotLockFile,
	"ErrRefused": reaper.ErrRefused, "ErrChanged": reaper.ErrChanged, "ErrGuarded": reaper.ErrGuarded,
	"ErrNoAnswer": reaper.ErrNoAnswer, "ErrIrregular": fsys.ErrIrregular,
	"fs.ErrPermission": fs.ErrPermission, "fs.ErrNotExist": fs.ErrNotExist,
	"fs.ErrInvalid": fs.ErrInvalid, "fs.ErrExist": fs.ErrExist, "ErrTimeout": lock.ErrTimeout,
	"ENAMETOOLONG": syscall.ENAMETOOLONG, "ErrUnsupported": errors.ErrUnsupported,
}

func matches(err error) (names []string) {
	for name, s := range sentinels {
		if errors.Is(err, s) {
			names = append(names, name)
		}
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		names = append(names, "*fs.PathError")
	}
	var he *lock.HeldError
	if errors.As(err, &he) {
		names = append(names, "*lock.HeldError")
	}
	var re *reaper.RefusedError
	if errors.As(err, &re) {
		names = append(names, "*reaper.RefusedError")
	}
	return names
}

func (a answer) is(name string) bool {
	for _, s := range a.Is {
		if s == name {
			return true
		}
	}
	return false
}

// newLocker makes a handle of a kind.
func newLocker(kind, path string) lock.Locker {
	switch kind {
	case "soft":
		return lock.NewSoft(path)
	case "soft-without-reaping":
		return lock.NewSoft(path, lock.WithoutReaping())
	case "shared":
		return lock.NewFile(path).RLocker()
	case "file":
		return lock.NewFile(path)
	}
	panic("no such kind of lock: " + kind)
}

func init() {
	// inspect PATH
	deeds["inspect"] = func(_ *scene, args []string) (answer, error) {
		st, err := reaper.Inspect(context.Background(), args[0])
		return seen(st), err
	}
	// try KIND PATH: takes the lock and lets it go again.
	deeds["try"] = func(_ *scene, args []string) (a answer, err error) {
		l := newLocker(args[0], args[1])
		if err := l.TryLock(); err != nil {
			var he *lock.HeldError
			if errors.As(err, &he) {
				a.Verdict, a.Rule, a.Evidence = string(he.Judgment.Verdict), he.Judgment.Rule, he.Judgment.Evidence
			}
			return a, err
		}
		return a, l.Unlock()
	}
	// hold KIND PATH: takes the lock and keeps it.
	deeds["hold"] = func(s *scene, args []string) (answer, error) {
		l := newLocker(args[0], args[1])
		if err := l.TryLock(); err != nil {
			return answer{}, err
		}
		s.held[args[1]] = l
		return answer{}, nil
	}
	// release PATH
	deeds["release"] = func(s *scene, args []string) (answer, error) {
		l := s.held[args[0]]
		if l == nil {
			return answer{}, lock.ErrNotLocked
		}
		delete(s.held, args[0])
		return answer{}, l.Unlock()
	}
	// grant PATH: for this process itself; Text is the token.
	deeds["grant"] = func(_ *scene, args []string) (answer, error) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		token, err := lock.Grant(ctx, args[0], os.Getpid(), lock.WithTimeout(0))
		return answer{Text: token}, err
	}
	// break PATH TOKEN FORCE: TOKEN may be empty, FORCE is "force" or nothing.
	deeds["break"] = func(_ *scene, args []string) (answer, error) {
		st, err := reaper.Break(context.Background(), args[0], reaper.Options{Token: args[1], Force: args[2] == "force"})
		return seen(st), err
	}
	// file PATH: which file that is and what is in it.
	deeds["file"] = func(_ *scene, args []string) (answer, error) {
		text, err := fileText(args[0])
		return answer{Text: text}, err
	}
	// pid
	deeds["pid"] = func(*scene, []string) (answer, error) { return answer{N: os.Getpid()}, nil }
}

func seen(st reaper.Status) answer {
	return answer{
		State: string(st.State), Verdict: string(st.Verdict), Rule: st.Rule, Mode: st.Mode,
		Kind: st.Kind, Missing: st.Missing, Evidence: st.Evidence,
	}
}

// symlink is os.Symlink that fails where it makes none: on Windows it is a
// right that few have, and Wine only says that it did.
func symlink(to, path string) error {
	err := os.Symlink(to, path)
	if err == nil {
		_, err = os.Lstat(path)
	}
	return err
}

// fileText says everything about a file that a look must not change.
func fileText(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("%s size %d mtime %d", info.Mode(), info.Size(), info.ModTime().UnixNano())
	const small = 1 << 20
	if !info.Mode().IsRegular() || info.Size() > small {
		return text, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return text + " not readable", nil
	}
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return fmt.Sprintf("%s sha256 %x", text, sum.Sum(nil)), errors.Join(err, f.Close())
}

// needSoft skips where soft locks do not work: a network filesystem, or an
// operating system whose kernel locks belong to processes.
func needSoft(t *testing.T, path string) {
	t.Helper()
	r := self().order(t, "try", "soft", path)
	if r.is("ErrNetwork") {
		t.Skip("soft locks do not work here: " + r.Err)
	}
	if r.Err != "" {
		t.Fatal(r.Err)
	}
}
