//go:build !unix && !windows

package main

import (
	"errors"
	"os"
	"syscall"
)

// systemShell takes -c, as $SHELL does, where there is a shell at all.
const systemShell = "sh"

func inheritable(*os.File) (int, func(), error) { return 0, nil, errors.ErrUnsupported }

func isNoExec(error) bool { return false }

// terminate: processes cannot be asked to end here.
func terminate(*os.Process) error { return errors.ErrUnsupported }

func exitStatus(state *os.ProcessState) exitCode { return exitCode(state.ExitCode()) }

func childAttr(childPlan) *syscall.SysProcAttr { return nil }

func shellCommand(shell, text string) (argv []string, line string) {
	return []string{shell, "-c", text}, ""
}
