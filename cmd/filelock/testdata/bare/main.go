// Command bare does nothing but start a command and wait for it, with bare
// system calls: what a Go program that runs one cannot do without.
package main

import (
	"os"
	"syscall"
)

func main() {
	pid, err := syscall.ForkExec(os.Args[1], os.Args[1:], &syscall.ProcAttr{Env: syscall.Environ(), Files: []uintptr{0, 1, 2}})
	if err != nil {
		os.Exit(69)
	}
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &ws, 0, nil); err != nil {
		os.Exit(70)
	}
	os.Exit(ws.ExitStatus())
}
