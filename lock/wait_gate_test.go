//go:build linux || windows

package lock

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/filelock-go/filelock/internal/fsys"
)

func gateIsGone(t *testing.T, h *handle) {
	t.Helper()
	if _, err := os.Lstat(filepath.Join(h.dir.Path(), h.gate)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the gate is left: %v", err)
	}
}

func opened(t *testing.T, h *handle) *gate {
	t.Helper()
	g, err := h.openGate()
	must(t, err)
	return g
}

// refusedFile calls then when its exclusive order lock was refused, or where there
// is none the lock itself.
type refusedFile struct {
	fsys.File
	then func()
}

func (f refusedFile) TryLock(mode fsys.LockMode) error {
	err := f.File.TryLock(mode)
	if err != nil && !fsys.OrderLocks {
		f.then()
	}
	return err
}

func (f refusedFile) OrderLock(o fsys.Order, mode fsys.LockMode, wait bool) error {
	err := f.File.OrderLock(o, mode, wait)
	if mode == fsys.Exclusive && err != nil {
		f.then()
	}
	return err
}

// Two leave a gate at once, each sees the other: one of them removes it.
func TestTwoWhoLeaveAGateAtOnceDoNotLeaveItBehind(t *testing.T) {
	h := &NewSoft(filepath.Join(t.TempDir(), "x")).handle
	one, two := opened(t, h), opened(t, h)
	if !fsys.OrderLocks {
		must(t, two.file.TryLock(fsys.Exclusive)) // as the one in turn has it
	}
	refused := false
	one.file = refusedFile{one.file, func() { refused = true; two.leave() }}
	one.leave()
	if !refused {
		t.Error("the first was not refused: the test shows nothing")
	}
	gateIsGone(t, h)
}

// A thread starts when nobody wants the gate any more.
func TestAGateThatNobodyWantsAnyMoreIsRemoved(t *testing.T) {
	h := &NewSoft(filepath.Join(t.TempDir(), "x")).handle
	g, err := h.enterGate(opened(t, h), func() bool { return false })
	if g != nil || err != nil {
		t.Errorf("%v, %v", g, err)
	}
	gateIsGone(t, h)
}

// The gate was removed, and made anew by another, while its lock was waited for.
func TestAGateWithoutANameIsNone(t *testing.T) {
	h := &NewSoft(filepath.Join(t.TempDir(), "x")).handle
	old := opened(t, h)
	must(t, os.Remove(filepath.Join(h.dir.Path(), h.gate)))
	now := opened(t, h)
	g, err := h.enterGate(old, func() bool { return true })
	must(t, err)
	if g == nil || g.id != now.id {
		t.Errorf("gate %+v, want the one that has the name: %+v", g, now.id)
	}
	g.leave()
	now.leave()
	gateIsGone(t, h)
}

// A file with another name too, or with something in it, is somebody's. It is
// not even locked, for somebody may wait for that.
func TestSomebodysFileIsNotLockedAsAGate(t *testing.T) {
	for name, plant := range map[string]func(gate string) error{
		"with contents": func(gate string) error { return os.WriteFile(gate, []byte("data"), 0o644) },
		"hard link": func(gate string) error {
			victim := filepath.Join(filepath.Dir(gate), "victim")
			return errors.Join(os.WriteFile(victim, nil, 0o644), os.Link(victim, gate))
		},
	} {
		h := &NewSoft(filepath.Join(t.TempDir(), "x")).handle
		must(t, plant(filepath.Join(h.dir.Path(), h.gate)))
		if g, err := h.openGate(); !errors.Is(err, errForeignGate) {
			t.Errorf("%s: %v, %v; want %v", name, g, err, errForeignGate)
		}
	}
}
