//go:build !unix

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

func childAttr(bool) *syscall.SysProcAttr { return nil }
