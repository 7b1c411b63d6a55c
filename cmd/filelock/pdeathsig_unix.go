//go:build unix && !linux && !freebsd

package main

import "syscall"

// childAttr: the kernel has no parent-death signal; the help of run says what
// that means.
func childAttr(childPlan) *syscall.SysProcAttr { return nil }
