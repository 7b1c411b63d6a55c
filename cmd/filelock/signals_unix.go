//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// lastSignal is the highest number that package signal knows; real-time
// signals are among them.
const lastSignal = 64

// deadly are the signals that would end a process that does not catch them.
// Those that stop and continue keep their default effect, so that job control
// works as in any pipeline; so do SIGCHLD, WINCH, URG and, where there is one,
// INFO, which have none. KILL and STOP cannot be caught.
func deadly() []os.Signal {
	var list []os.Signal
	for n := syscall.Signal(1); n <= lastSignal; n++ {
		switch n {
		case syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGCONT,
			syscall.SIGCHLD, syscall.SIGWINCH, syscall.SIGURG:
		default:
			list = append(list, n)
		}
	}
	return list
}

// endsWait: everything caught ends a wait for the lock, but for SIGPIPE: a
// broken stderr is no reason.
func endsWait(sig os.Signal) (number int, ok bool) {
	n, ok := sig.(syscall.Signal)
	return int(n), ok && n != syscall.SIGPIPE
}

// forwards says whether a signal is passed on to COMMAND. A terminal sends INT
// and QUIT to the whole foreground group, so there COMMAND had them already.
func forwards(sig os.Signal) bool {
	switch sig {
	case syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM:
		return true
	case syscall.SIGINT, syscall.SIGQUIT:
		return !inForeground()
	}
	return false
}

// inForeground: this process's group is the foreground group of its
// controlling terminal. Without a terminal there is no such group.
func inForeground() bool {
	fd, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(fd) }()
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	if err != nil {
		return false
	}
	// What is filled in is a pid_t, the first 32 bits of an int: on a big-endian
	// processor with 64 they are not the low ones.
	foreground := *(*int32)(unsafe.Pointer(&group))
	own, err := unix.Getpgid(0)
	return err == nil && int(foreground) == own
}

func isBrokenPipe(sig os.Signal) bool { return sig == syscall.SIGPIPE }

func ignoreBrokenPipes() { signal.Ignore(syscall.SIGPIPE) }
