package main

import (
	"errors"
	"os"
	"runtime"
	"strconv"
)

// childPlan is how COMMAND is to be started.
type childPlan struct {
	program       string   // the file
	argv          []string // argv[0] as the user wrote it
	env           []string
	line          string   // Windows: the command line, if argv alone does not say it
	lock          *os.File // nil: not inherited
	dieWithParent bool
}

// child is COMMAND, running.
type child struct {
	process process
	done    <-chan exitCode // gets its exit code, once
}

// process is a child process. Its methods may be called at any time: a process
// that has ended gets no signal, nor does another that has its number then.
type process interface {
	signal(os.Signal) error
	kill() error
	terminate() error
	wait() exitCode // once
}

// start starts COMMAND, in this process group, on the very files that are this
// process's standard input, output and error.
//
// Every other descriptor that this process inherited is inherited by COMMAND
// under its number, by doing nothing: the Go runtime opens its own with
// close-on-exec and leaves alone what it was started with.
func (p childPlan) start() (*child, error) {
	if p.lock != nil {
		n, closeAgain, err := inheritable(p.lock)
		switch {
		case err == nil:
			defer closeAgain()
			p.env = append(p.env, "FILELOCK_FD="+strconv.Itoa(n))
		case errors.Is(err, errors.ErrUnsupported):
			p.dieWithParent = true
		default:
			return nil, err
		}
	}
	done := make(chan exitCode, 1)
	if !p.dieWithParent {
		c, err := p.launch()
		if err != nil {
			return nil, err
		}
		go func() { done <- c.wait() }()
		return &child{process: c, done: done}, nil
	}
	type answer struct {
		process process
		err     error
	}
	started := make(chan answer, 1)
	go func() {
		// The parent-death signal is sent when the *thread* that started the
		// child ends (prctl(2), PR_SET_PDEATHSIG), so this goroutine keeps its
		// thread until the child is gone.
		runtime.LockOSThread()
		c, err := p.launch()
		started <- answer{c, err}
		if err == nil {
			done <- c.wait()
		}
	}()
	a := <-started
	if a.err != nil {
		return nil, a.err
	}
	return &child{process: a.process, done: done}, nil
}

func (p childPlan) launch() (process, error) {
	c, err := startProcess(p.program, p.argv, p.env, childAttr(p))
	if isNoExec(err) {
		// A script without #!: execvp(3), and with it flock(1), gives it to sh.
		c, err = startProcess(systemShell, append([]string{systemShell, p.program}, p.argv[1:]...), p.env, childAttr(p))
	}
	return c, err
}
