package filelock_test

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// killSelf is kill -9. The signal is pending when the system call returns.
func killSelf() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) }

func wasKilled(exit *exec.ExitError) bool {
	return exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
}

// isGone: there is no such process.
func isGone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// prey is a process of a stress as its parent treats it.
type prey struct{ *exec.Cmd }

func newPrey(c *exec.Cmd) (*prey, error) { return &prey{c}, nil }

func (p *prey) kill()      { _ = p.Process.Kill() }
func (p *prey) stop() bool { return p.Process.Signal(syscall.SIGSTOP) == nil }
func (p *prey) goOn()      { _ = p.Process.Signal(syscall.SIGCONT) }
func (p *prey) quit()      { _ = p.Process.Signal(syscall.SIGQUIT) } // the runtime prints where it hangs

// appending is for a system where two processes that append to one file may
// write over each other. O_APPEND does not.
func (a arena) appending() (done func()) { return func() {} }

// goesAway: the name is there only as long as somebody has the removed file open.
func goesAway(error) bool { return false }
