package main

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"syscall"

	"github.com/filelock-go/filelock/internal/fsys"
	"github.com/filelock-go/filelock/lock"
	"github.com/filelock-go/filelock/reaper"
)

// exitCode is what the process exits with. The numbers from 64 on are those of
// sysexits.h.
type exitCode int

const (
	exitOK         exitCode = 0
	exitConflict   exitCode = 1 // run, lock, wait: not obtained in time
	exitHeld       exitCode = 10
	exitStale      exitCode = 11
	exitUntrusted  exitCode = 11 // doctor: not to be trusted, with something
	exitUnknown    exitCode = 12
	exitUsage      exitCode = 64
	exitNoDir      exitCode = 66
	exitNoCommand  exitCode = 69
	exitInternal   exitCode = 70
	exitNoCreate   exitCode = 73
	exitLost       exitCode = 75
	exitPermission exitCode = 77
	exitSignal     exitCode = 128 // plus the signal's number
)

func (c exitCode) meaning() string {
	switch c {
	case exitOK:
		return "it worked"
	case exitConflict:
		return "the lock was not obtained in time"
	case exitHeld:
		return "held by a live owner"
	case exitStale:
		return "stale: the owner is dead, or its lease is over"
	case exitUnknown:
		return "it cannot be told whether the owner is alive"
	case exitUsage:
		return "wrong usage"
	case exitNoDir:
		return "no such directory"
	case exitNoCommand:
		return "COMMAND cannot be executed"
	case exitInternal:
		return "internal or input/output error"
	case exitNoCreate:
		return "the lock cannot be made there (read-only, full, name too long, not a lock file)"
	case exitLost:
		return "the lock was lost, or changed meanwhile"
	case exitPermission:
		return "no permission"
	}
	return ""
}

// everywhere are the codes that any command on a path can end with.
var everywhere = []exitCode{exitUsage, exitNoDir, exitInternal, exitNoCreate, exitPermission}

// usageError is a command line that cannot be followed.
type usageError struct{ text, next string }

func (e *usageError) Error() string                { return e.text }
func (e *usageError) hint(next string) *usageError { e.next = next; return e }

func usagef(format string, args ...any) *usageError {
	return &usageError{text: fmt.Sprintf(format, args...)}
}

// codeError ends the program with a code. Without an error inside, nothing is
// said: it was said before, or there is nothing to say.
type codeError struct {
	code exitCode
	err  error
	next string // the hint, if there is a next step
}

func (e *codeError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e *codeError) Unwrap() error { return e.err }

// signalError: a signal ended the program before it had a command to run.
type signalError struct{ number int }

func (e *signalError) Error() string { return fmt.Sprintf("ended by signal %d", e.number) }

// exitCodeOf is where errors become exit codes.
func exitCodeOf(err error) exitCode {
	var (
		code  *codeError
		usage *usageError
		sig   *signalError
		not   *reaper.RefusedError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return code.code
	case errors.As(err, &usage), errors.Is(err, lock.ErrOption), errors.Is(err, lock.ErrNoProcess):
		return exitUsage
	case errors.As(err, &sig):
		return exitSignal + exitCode(sig.number)
	case errors.Is(err, lock.ErrHeld) && errors.Is(err, fs.ErrPermission):
		return exitPermission // a dead owner's lock that this user may not remove
	case errors.Is(err, lock.ErrHeld):
		return exitConflict
	case errors.As(err, &not):
		if not.Status.State == reaper.Held {
			return exitHeld
		}
		return exitUnknown
	case errors.Is(err, reaper.ErrRefused):
		return exitHeld
	case errors.Is(err, lock.ErrLost), errors.Is(err, reaper.ErrChanged):
		return exitLost
	case errors.Is(err, lock.ErrNotLockFile), errors.Is(err, fsys.ErrIrregular):
		return exitNoCreate
	}
	return osExitCode(err)
}

// osExitCode is exitCodeOf for the operating system's errors.
func osExitCode(err error) exitCode {
	switch {
	case errors.Is(err, reaper.ErrNoAnswer):
		return exitInternal
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errNotDir):
		return exitNoDir
	case errors.Is(err, fs.ErrPermission):
		return exitPermission
	case errors.Is(err, fs.ErrInvalid) && !errors.Is(err, syscall.EINVAL):
		return exitUsage // a path that can be no lock's
	}
	for _, of := range systemErrors {
		for _, e := range of.errs {
			if errors.Is(err, e) {
				return of.code
			}
		}
	}
	return exitInternal
}

// errorsOf are the errors of an operating system that end with a code.
type errorsOf struct {
	code exitCode
	errs []error
}

// report says what went wrong, if anything did, and returns the exit code. An
// error of writing that down changes nothing: a broken stderr ends no command.
func (a *app) report(err error) exitCode {
	if err == nil {
		return exitOK
	}
	var (
		code  *codeError
		usage *usageError
		sig   *signalError
		next  string
	)
	switch {
	case errors.As(err, &sig) && err == error(sig):
		return exitCodeOf(err)
	case errors.As(err, &code):
		if code.err == nil {
			return code.code
		}
		next = code.next
	case errors.As(err, &usage):
		next = usage.next
	}
	if next == "" {
		next = hintFor(err)
	}
	if a.signals != nil {
		a.signals.stop() // if nobody reads what is said, they may end this
	}
	a.say("%s", err)
	if next != "" {
		a.hint(next)
	}
	return exitCodeOf(err)
}

// say writes one line of what is no answer.
func (a *app) say(format string, args ...any) {
	if a.signals != nil {
		a.signals.speak()
	}
	text := fmt.Sprintf(format, args...)
	if runtime.GOOS == "windows" {
		text = plainPaths(text)
	}
	_, _ = fmt.Fprintf(a.errs, "filelock: %s\n", visible(text))
}

func (a *app) hint(text string) {
	_, _ = fmt.Fprintf(a.errs, "hint: %s\n", visible(text))
}
