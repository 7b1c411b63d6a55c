package main

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

func TestAProcessThatHasEndedGetsNoSignal(t *testing.T) {
	p, err := startProcess(systemShell, []string{"sh", "-c", "exec sleep 1000"}, os.Environ(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.signal(syscall.Signal(0)); err != nil {
		t.Errorf("a running process: %v", err)
	}
	if err := p.kill(); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(); code != exitSignal+9 {
		t.Errorf("exit code %d", code)
	}
	// Its number may be another's by now, such as this process's.
	p.(*linuxProcess).pid = os.Getpid()
	if err := p.signal(syscall.Signal(0)); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("an ended process: %v", err)
	}
}

func TestTheExitCodeOfAProcessIsItsOwn(t *testing.T) {
	p, err := startProcess(systemShell, []string{"sh", "-c", "exit 7"}, os.Environ(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if code := p.wait(); code != 7 {
		t.Errorf("exit code %d", code)
	}
	if _, err := startProcess("/none", []string{"none"}, nil, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what is not there: %v", err)
	}
}
