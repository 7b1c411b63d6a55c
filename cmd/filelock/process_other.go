//go:build !linux && !windows

package main

import (
	"os"
	"syscall"
)

// osProcess is a process as package os knows it.
type osProcess struct{ *os.Process }

func startProcess(program string, argv, env []string, sys *syscall.SysProcAttr) (process, error) {
	p, err := os.StartProcess(program, argv, &os.ProcAttr{Env: env, Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}, Sys: sys})
	if err != nil {
		return nil, err
	}
	return osProcess{p}, nil
}

func (p osProcess) signal(sig os.Signal) error { return p.Signal(sig) }
func (p osProcess) kill() error                { return p.Kill() }
func (p osProcess) terminate() error           { return terminate(p.Process) }

func (p osProcess) wait() exitCode {
	state, err := p.Wait()
	if err != nil {
		return exitInternal
	}
	return exitStatus(state)
}
