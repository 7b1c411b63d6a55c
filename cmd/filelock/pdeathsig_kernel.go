//go:build linux || freebsd

package main

import "syscall"

// childAttr makes the kernel kill the child when its parent ends (on Linux:
// when the thread that starts it ends). The syscall package looks after the
// fork whether the parent is still there, so no parent can die too early.
func childAttr(p childPlan) *syscall.SysProcAttr {
	if !p.dieWithParent {
		return nil
	}
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
