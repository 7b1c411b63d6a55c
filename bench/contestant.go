//go:build linux

package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// locker is what a contestant takes and releases: one owner's handle.
type locker interface {
	// lock waits. Those that know no context wait for ever; what is measured
	// then ends with the others' releases.
	lock(ctx context.Context) error
	unlock() error
}

// contestant is one way to lock a path.
type contestant struct {
	name  string // on the command line and in benchmark names
	title string // in tables
	about string // what is to be known about it, below the table
	open  func(path string) (locker, error)

	python  string                              // instead of open: the class of Python's filelock
	scan    func(dir string) (n int, err error) // instead of open: counts the dead owners' locks
	command func(ours, path string) []string    // instead of open: runs true(1) under the lock; ours is our binary
	waits   func(ours, path string) []string    // for the CPU time of a waiter: a command, which waits for what holder holds
	holder  string

	built *source // what our binary is, if there is one

	ours   bool   // this project's
	binary string // the build of this program that its processes are; empty: this one
	of     string // the name it has there, if that is not name

	needs func() error // why it cannot take part, nil if it can
	// fresh: a new process for each slice, for it leaves something running.
	fresh bool
}

// boundTitle begins the titles of the bounds (contestant_bounds.go).
const boundTitle = "bound: "

var contestants = []*contestant{
	{name: "excl", title: "bare create, write, close, unlink", open: openExcl},
	{name: "flock", title: "bare open, flock, close", open: openFlock},
	{name: "mutex-excl", title: "sync.Mutex and bare create, write, close, unlink", open: openMutexExcl},
	{name: "mutex-flock", title: "sync.Mutex and bare open, flock, close", open: openMutexFlock},

	{name: "bound-soft", title: boundTitle + "the protocol's calls", open: openSoftCalls, about: aboutCalls},
	{name: "bound-hard", title: boundTitle + "the protocol's calls, with a record", open: openHardCallsRecord, about: aboutOrder},
	{name: "bound-hard-norecord", title: boundTitle + "the protocol's calls, no record", open: openHardCalls, about: aboutOrder},
	{name: "bound-thread", title: boundTitle + "a thread and a channel", open: openThread, about: "What is blocked in flock(2) cannot be cancelled, so another goroutine is, and the caller waits for that one, for his context, and for a timer."},
	{name: "bound-mutex-soft", title: boundTitle + "sync.Mutex and the protocol's calls", open: openMutexSoftCalls},
	{name: "bound-mutex-hard", title: boundTitle + "sync.Mutex and the protocol's calls, with a record", open: openMutexHardCallsRecord},
	{name: "bound-mutex-hard-norecord", title: boundTitle + "sync.Mutex and the protocol's calls, no record", open: openMutexHardCalls},

	{name: "soft", title: "**filelock Soft**", open: openSoft, ours: true},
	{name: "file", title: "**filelock File**", open: openFile, ours: true},
	{name: "file-norecord", title: "**filelock File, WithoutRecord**", open: openFileNoRecord, ours: true},

	{name: "gofrs", title: "gofrs/flock", open: openGofrs},
	{name: "gofrs-retry", title: "gofrs/flock, retry of 10 ms", open: openGofrsRetry, about: "TryLockContext with 10 ms, as its README shows: what can be cancelled."},
	{name: "lockedfile", title: "go-internal/lockedfile Mutex", open: openLockedfile},
	{name: "certmagic", title: "certmagic FileStorage", open: openCertmagic, fresh: true, about: "Syncs its lock file to the disk. Leaves a goroutine behind for each lock, so each slice has a new process."},
	{name: "nightlyone", title: "nightlyone/lockfile", open: openNightlyone},
	{name: "py-soft", title: "Python SoftFileLock", python: "SoftFileLock", needs: pythonFilelock},
	{name: "py-file", title: "Python FileLock", python: "FileLock", needs: pythonFilelock},
	{name: "dotlockfile", title: "dotlockfile(1)", open: openDotlockfile, needs: program("dotlockfile"), about: "Two processes an operation: one locks, one unlocks."},

	{name: "read-all", title: "bare open, read, close of each", scan: scanBare},
	{name: "reaper-scan", title: "**reaper.Scan**", scan: scanReaper, ours: true},

	{name: "true", title: "no lock", command: commandTrue},
	{name: "go-exec", title: "Go, fork and exec alone", command: commandBound, built: bound},
	{name: "flock1", title: "flock(1)", command: commandFlock, waits: waitFlock, holder: "flock", needs: program("flock")},
	{name: "filelock-run", title: "**filelock run**", command: commandSoft, waits: waitSoft, holder: "soft", built: released, ours: true, about: "Built as the releases are: without cgo."},
	{name: "filelock-run-hard", title: "**filelock run --hard**", command: commandHard, built: released, ours: true},
	{name: "filelock-run-cgo", title: "filelock run, with cgo", command: commandSoft, built: withCgo, ours: true, needs: program("gcc"), about: "What `go build` makes where there is a C compiler: the C library is loaded at its start."},
	{name: "dotlockfile-wait", title: "dotlockfile(1)", waits: waitDotlockfile, holder: "dotlockfile", needs: program("dotlockfile"), about: "Sleeps 5 s, then 10 s, up to a minute."},
	{name: "py-run", title: "Python FileLock and subprocess", command: commandPython, needs: pythonFilelock},
}

func contestantNamed(name string) (*contestant, error) {
	i := slices.IndexFunc(contestants, func(c *contestant) bool { return c.name == name })
	if i < 0 {
		return nil, fmt.Errorf("no contestant %q", name)
	}
	return contestants[i], nil
}

// mustContestant is for names that are in this program.
func mustContestant(name string) *contestant {
	c, err := contestantNamed(name)
	if err != nil {
		panic(err)
	}
	return c
}

// ready says why a contestant cannot take part.
func (c *contestant) ready() error {
	if c.needs == nil {
		return nil
	}
	return c.needs()
}

func program(name string) func() error {
	return func() error {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("%s is not installed", name)
		}
		return nil
	}
}

// python is Debian's, which has Debian's packages.
const python = "/usr/bin/python3"

func pythonFilelock() error {
	out, err := exec.Command(python, "-c", "import filelock").CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("python3-filelock is not installed: %s", lines[len(lines)-1])
	}
	return nil
}
