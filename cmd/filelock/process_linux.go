package main

import (
	"io/fs"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// linuxProcess does without os.Process, which forks a child of its own before
// the first one that is asked for, to see whether pidfds work.
type linuxProcess struct {
	pid   int
	mu    sync.Mutex
	ended bool // waited for: the pid may be another's. Guarded by mu
}

func startProcess(program string, argv, env []string, sys *syscall.SysProcAttr) (process, error) {
	pid, err := syscall.ForkExec(program, argv, &syscall.ProcAttr{Env: env, Files: []uintptr{0, 1, 2}, Sys: sys})
	if err != nil {
		return nil, &fs.PathError{Op: "fork/exec", Path: program, Err: err}
	}
	return &linuxProcess{pid: pid}, nil
}

func (p *linuxProcess) signal(sig os.Signal) error {
	n, ok := sig.(syscall.Signal)
	if !ok {
		return os.ErrInvalid
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return os.ErrProcessDone
	}
	return unix.Kill(p.pid, n)
}

func (p *linuxProcess) kill() error      { return p.signal(syscall.SIGKILL) }
func (p *linuxProcess) terminate() error { return p.signal(syscall.SIGTERM) }

// wait leaves the pid to the ended process until nobody can be about to send
// it a signal.
func (p *linuxProcess) wait() exitCode {
	err := ignoringEINTR(func() error { return unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil) })
	if err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
	}
	var ws syscall.WaitStatus
	err = ignoringEINTR(func() error {
		_, err := syscall.Wait4(p.pid, &ws, 0, nil)
		return err
	})
	p.ended = true
	if err != nil {
		return exitInternal
	}
	return statusCode(ws)
}

func ignoringEINTR(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
