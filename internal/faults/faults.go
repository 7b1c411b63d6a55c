// Package faults is a filesystem whose calls go wrong when a test says so: the
// real one, or a simulated one, behind a wrapper that is asked before each
// call. It is put under the locks through lock.InHost and reaper.In, with a
// host that has a [FS], and is for tests only.
//
// What goes wrong is a [Fault]: the call fails, or is made and its reply is
// lost, or is done by half, or something else happens first. The wrapper knows
// which files and directories are open, so that a test can tell a leak, and it
// never leaks itself: a file that was opened by a call whose reply is lost is
// closed.
package faults

import (
	"io/fs"
	"slices"
	"sync"

	"github.com/filelock-go/filelock/internal/fsys"
)

// Call is one call to the filesystem.
type Call struct {
	N    int    // 1 for the first
	Op   string // one of the Op constants
	Path string
}

// The calls, by the names that their errors have. Close stands for CloseOnly too.
const (
	OpCreate   = "create"
	OpOpen     = "open"
	OpLstat    = "lstat"
	OpUnlink   = "unlink"
	OpClass    = "statfs"
	OpOpenDir  = "opendir"
	OpList     = "list"
	OpCloseDir = "closedir"
	OpInfo     = "fstat"
	OpRead     = "read"
	OpWrite    = "write"
	OpTruncate = "truncate"
	OpExtend   = "extend"
	OpTouch    = "touch"
	OpSync     = "fsync"
	OpSyncDir  = "syncdir"
	OpRename   = "rename"
	OpChmod    = "chmod"
	OpTryLock  = "flock"
	OpUnlock   = "funlock"
	OpDup      = "dup"
	OpClose    = "close"
)

// Fault is what goes wrong with a call; the zero Fault is nothing.
type Fault struct {
	// Err is what the call reports.
	Err error
	// Lost: the call is made, only its reply is lost. What it opened is closed.
	Lost bool
	// Half: a Write or List does some of its work before it fails.
	Half bool
	// First is called before the call: for a slow one, or another's move.
	First func()
}

// FS is a filesystem with faults.
type FS struct {
	under fsys.FS
	// Class, unless it is zero, is what Class calls answer: it makes a
	// filesystem local that only a test knows to be so.
	Class fsys.Class

	mu     sync.Mutex
	decide func(Call) Fault
	calls  []Call
	open   map[any]string
}

// On returns a filesystem with faults over another. decide is asked before
// each call, by one goroutine at a time; nil lets all calls pass.
func On(under fsys.FS, decide func(Call) Fault) *FS {
	return &FS{under: under, decide: decide, open: make(map[any]string)}
}

// Decide changes what goes wrong from the next call on.
func (f *FS) Decide(decide func(Call) Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decide = decide
}

// Calls lists the calls so far.
func (f *FS) Calls() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// Open lists the paths of the files and directories that are open.
func (f *FS) Open() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	paths := make([]string, 0, len(f.open))
	for _, p := range f.open {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths
}

func (f *FS) opened(what any, path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open[what] = path
}

func (f *FS) closed(what any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, what)
}

// next is what goes wrong with a call that is about to be made.
func (f *FS) next(op, path string) Fault {
	f.mu.Lock()
	c := Call{len(f.calls) + 1, op, path}
	f.calls = append(f.calls, c)
	var fault Fault
	if f.decide != nil {
		fault = f.decide(c)
	}
	f.mu.Unlock()
	if fault.First != nil {
		fault.First()
	}
	if fault.Err != nil {
		fault.Err = &fs.PathError{Op: op, Path: path, Err: fault.Err}
	}
	return fault
}

// through makes a call that may go wrong.
func (f *FS) through(op, path string, call func() error) error {
	fault := f.next(op, path)
	if fault.Err != nil && !fault.Lost {
		return fault.Err
	}
	if err := call(); err != nil {
		return err
	}
	return fault.Err
}

// At is [fsys.FS.At].
func (f *FS) At(path string) fsys.Dir { return &dir{f.under.At(path), f} }

// OpenDir is [fsys.FS.OpenDir].
func (f *FS) OpenDir(path string) (fsys.Dir, error) {
	return f.subdir(path, func() (fsys.Dir, error) { return f.under.OpenDir(path) })
}

func (f *FS) subdir(path string, open func() (fsys.Dir, error)) (fsys.Dir, error) {
	var d fsys.Dir
	err := f.through(OpOpenDir, path, func() (err error) {
		d, err = open()
		return err
	})
	switch {
	case err == nil:
		sub := &dir{d, f}
		f.opened(sub, path)
		return sub, nil
	case d != nil:
		_ = d.Close() // its reply is lost, nobody can be told
	}
	return nil, err
}
