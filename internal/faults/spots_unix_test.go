//go:build unix

package faults_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/meta"
)

// spot is what lies at the path when the player begins.
type spot struct {
	name    string
	set     func(t *testing.T, s *stage)
	soft    bool // a soft lock's file, or the beginning of one
	dead    bool // of a dead owner
	foreign bool // no lock file at all
}

// spots are all of them; dead is a process that has ended.
func spots(dead meta.Identity) []spot {
	lies := func(make func(t *testing.T, s *stage) []byte) func(t *testing.T, s *stage) {
		return func(t *testing.T, s *stage) { write(t, s.path, make(t, s)) }
	}
	other := func(newLock func(path string, opts ...lock.Option) lock.Locker) func(t *testing.T, s *stage) {
		return func(t *testing.T, s *stage) {
			s.other = newLock(s.path, lock.InHost(worldOf(fsys.Real)))
			must(t, s.other.TryLock())
		}
	}
	return []spot{
		{name: "nothing", set: func(*testing.T, *stage) {}},
		{name: "dead, kernel lock", soft: true, dead: true, set: lies(func(t *testing.T, s *stage) []byte {
			return encode(t, onThisFile(t, s.path, recordOf(dead)))
		})},
		{name: "dead, no kernel lock", soft: true, dead: true, set: lies(func(t *testing.T, s *stage) []byte {
			return encode(t, recordOf(dead))
		})},
		{name: "empty", soft: true, dead: true, set: lies(func(*testing.T, *stage) []byte { return []byte{} })},
		{name: "torn", soft: true, dead: true, set: lies(func(t *testing.T, _ *stage) []byte { return encode(t, recordOf(dead))[:40] })},
		{name: "free hard lock", set: lies(func(t *testing.T, _ *stage) []byte {
			r := recordOf(dead)
			r.Kind = meta.KindFile
			return encode(t, r)
		})},
		{name: "held soft lock", set: other(func(p string, o ...lock.Option) lock.Locker { return lock.NewSoft(p, o...) })},
		{name: "held hard lock", set: other(func(p string, o ...lock.Option) lock.Locker { return lock.NewFile(p, o...) })},
		{name: "data", foreign: true, set: lies(func(*testing.T, *stage) []byte { return []byte("somebody's data\n") })},
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	must(t, os.WriteFile(path, b, 0o644))
}

// onThisFile makes a record claim the kernel lock of the file at path.
func onThisFile(t *testing.T, path string, r *meta.Record) *meta.Record {
	t.Helper()
	write(t, path, nil)
	f, err := fsys.Real.At(filepath.Dir(path)).Open(filepath.Base(path), fsys.OpenRead)
	must(t, err)
	info, err := f.Info()
	must(t, err)
	class, err := f.Class()
	must(t, errors.Join(err, f.Close()))
	r.KernelLock, r.Inode, r.Filesystem = true, strconv.FormatUint(info.Ino, 10), class.Type
	return r
}
