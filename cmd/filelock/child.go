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
	lock          *os.File // nil: not inherited
	dieWithParent bool
}

// child is COMMAND, running.
type child struct {
	process *os.Process
	done    <-chan exitCode // gets its exit code, once
}

// start starts COMMAND, in this process group, on the very files that are this
// process's standard input, output and error.
//
// Every other descriptor that this process inherited is inherited by COMMAND
// under its number, by doing nothing: the Go runtime opens its own with
// close-on-exec and leaves alone what it was started with.
func (p childPlan) start() (*child, error) {
	type answer struct {
		process *os.Process
		err     error
	}
	started := make(chan answer, 1)
	done := make(chan exitCode, 1)
	go func() {
		// The parent-death signal is sent when the *thread* that started the
		// child ends (prctl(2), PR_SET_PDEATHSIG), so this goroutine keeps its
		// thread until the child is gone.
		runtime.LockOSThread()
		process, err := p.launch()
		started <- answer{process, err}
		if err != nil {
			return
		}
		state, err := process.Wait()
		if err != nil {
			done <- exitInternal
			return
		}
		done <- exitCode(exitStatus(state))
	}()
	a := <-started
	if a.err != nil {
		return nil, a.err
	}
	return &child{process: a.process, done: done}, nil
}

func (p childPlan) launch() (*os.Process, error) {
	env := p.env
	if p.lock != nil {
		n, closeAgain, err := inheritable(p.lock)
		switch {
		case err == nil:
			defer closeAgain()
			env = append(env, "FILELOCK_FD="+strconv.Itoa(n))
		case errors.Is(err, errors.ErrUnsupported):
			p.dieWithParent = true
		default:
			return nil, err
		}
	}
	attr := &os.ProcAttr{Env: env, Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}, Sys: childAttr(p.dieWithParent)}
	process, err := os.StartProcess(p.program, p.argv, attr)
	if isNoExec(err) {
		// A script without #!: execvp(3), and with it flock(1), gives it to sh.
		process, err = os.StartProcess(systemShell, append([]string{systemShell, p.program}, p.argv[1:]...), attr)
	}
	return process, err
}
