//go:build unix && !linux

package main

import (
	"os"
	"syscall"
)

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

func exitStatus(state *os.ProcessState) exitCode {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok {
		return statusCode(ws)
	}
	return exitCode(state.ExitCode())
}
