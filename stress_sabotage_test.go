//go:build linux || windows

package filelock_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/internal/host"
)

// stage is what a process is doing with the lock. A break is part of a take.
type stage string

const (
	taking    stage = "take"
	inside    stage = "section"
	releasing stage = "release"
)

// step is one call to the filesystem, or one place inside the critical section.
type step struct {
	stage stage
	call  string
}

// softSteps are the calls of taking, breaking and releasing a soft lock: at
// each of them, before and after, some process of the full stress dies. (Open,
// Read, the take's own Unlink, and what is done with the directory itself,
// belong to looking at and breaking a lock.)
var softSteps = []step{
	{taking, "Class"}, {taking, "Create"}, {taking, "TryLock"}, {taking, "Info"}, {taking, "Lstat"}, {taking, "Write"},
	{taking, "OpenDir"}, {taking, "Open"}, {taking, "Read"}, {taking, "Unlink"}, {taking, "Close"}, {taking, "CloseDir"},
	{releasing, "Lstat"}, {releasing, "Unlink"}, {releasing, "Close"},
}

// death is where a process dies: before a call, or after it.
type death struct {
	Stage stage
	After bool
	Call  string
}

func (d death) String() string {
	when := "before"
	if d.After {
		when = "after"
	}
	return fmt.Sprintf("%s %s %s", d.Stage, when, d.Call)
}

// deathsAt are those before and after each step.
func deathsAt(steps []step) (all []death) {
	for _, s := range steps {
		all = append(all, death{s.stage, false, s.call}, death{s.stage, true, s.call})
	}
	return all
}

// saboteur makes the process that it is in fail: it kills it at one call, and
// pauses at others.
type saboteur struct {
	arena arena
	rand  *rand.Rand
	stage stage

	at     death
	nth    int // so many times the step still has to be reached; 0: never dies
	pauses bool
}

func newSaboteur(a arena, r *rand.Rand, of []death) *saboteur {
	s := &saboteur{arena: a, rand: r, stage: taking, pauses: true}
	if len(of) > 0 && r.IntN(2) == 0 {
		s.at, s.nth = of[r.IntN(len(of))], 1+r.IntN(3)
	}
	return s
}

// before is called before, and the function that it returns after the call.
func (s *saboteur) before(call string) (after func()) {
	if s.pauses && s.rand.IntN(16) == 0 {
		time.Sleep(rand.N(time.Millisecond))
	}
	if s.nth == 0 || s.at.Stage != s.stage || s.at.Call != call {
		return func() {}
	}
	if s.nth--; s.nth > 0 {
		return func() {}
	}
	if !s.at.After {
		s.die(s.at)
	}
	return func() { s.die(s.at) }
}

// die is kill -9, or TerminateProcess: nothing more of this process runs.
func (s *saboteur) die(where death) {
	s.arena.append(deaths, "%s", where)
	s.arena.queue(dies, os.Getpid())
	killSelf()
	select {}
}

// world is the real one with a saboteur at every call to the filesystem.
func (s *saboteur) world() *host.Host {
	r := host.Real
	return r.With(sabotagedFS{r.FS, s})
}

type sabotagedFS struct {
	fsys.FS
	s *saboteur
}

func (f sabotagedFS) At(path string) fsys.Dir { return sabotagedDir{f.FS.At(path), f.s} }

type sabotagedDir struct {
	fsys.Dir
	s *saboteur
}

// OpenDir is a directory opened once, in which a lock is looked at and broken.
func (d sabotagedDir) OpenDir(name string) (fsys.Dir, error) {
	after := d.s.before("OpenDir")
	opened, err := d.Dir.OpenDir(name)
	after()
	if err != nil {
		return nil, err
	}
	return sabotagedDir{opened, d.s}, nil
}

func (d sabotagedDir) Close() error {
	after := d.s.before("CloseDir")
	defer after()
	return d.Dir.Close()
}

func (d sabotagedDir) Create(name string, perm fs.FileMode) (fsys.File, error) {
	after := d.s.before("Create")
	f, err := d.Dir.Create(name, perm)
	after()
	return d.file(f, err)
}

func (d sabotagedDir) Open(name string, how fsys.OpenFlag) (fsys.File, error) {
	after := d.s.before("Open")
	f, err := d.Dir.Open(name, how)
	after()
	return d.file(f, err)
}

func (d sabotagedDir) file(f fsys.File, err error) (fsys.File, error) {
	if err != nil {
		return nil, err
	}
	return sabotagedFile{f, d.s}, nil
}

func (d sabotagedDir) Lstat(name string) (fsys.Info, error) {
	after := d.s.before("Lstat")
	defer after()
	return d.Dir.Lstat(name)
}

func (d sabotagedDir) Unlink(name string) error {
	after := d.s.before("Unlink")
	defer after()
	return d.Dir.Unlink(name)
}

func (d sabotagedDir) Class() (fsys.Class, error) {
	after := d.s.before("Class")
	defer after()
	return d.Dir.Class()
}

type sabotagedFile struct {
	fsys.File
	s *saboteur
}

func (f sabotagedFile) Info() (fsys.Info, error) {
	after := f.s.before("Info")
	defer after()
	return f.File.Info()
}

func (f sabotagedFile) Read(max int) ([]byte, error) {
	after := f.s.before("Read")
	defer after()
	return f.File.Read(max)
}

func (f sabotagedFile) Write(b []byte) error {
	after := f.s.before("Write")
	defer after()
	return f.File.Write(b)
}

func (f sabotagedFile) Truncate(size int64) error {
	after := f.s.before("Truncate")
	defer after()
	return f.File.Truncate(size)
}

func (f sabotagedFile) TryLock(mode fsys.LockMode) error {
	after := f.s.before("TryLock")
	defer after()
	return f.File.TryLock(mode)
}

func (f sabotagedFile) Close() error {
	after := f.s.before("Close")
	defer after()
	return f.File.Close()
}

func (f sabotagedFile) CloseOnly() error {
	after := f.s.before("Close")
	defer after()
	return f.File.CloseOnly()
}
