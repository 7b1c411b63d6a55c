//go:build linux

package main

import (
	"errors"
	"os/exec"
	"syscall"
	"time"
)

// watch is a waiter whose time is watched, and the holder that it waits for.
// The waiter is a process that is told to wait, or a command.
type watch struct {
	holder, waiter      *proc
	argv                []string
	cmd                 *exec.Cmd
	ended               chan struct{} // of the command
	path                string
	before, first, last int64 // time used: before it waits; then, at both looks
	err                 error
}

func startWatch(c *contestant, ours, path string) (w *watch, err error) {
	w = &watch{path: path}
	if c.waits != nil {
		w.argv = c.waits(ours, path)
		w.holder, err = spawn(mustContestant(c.holder))
	} else {
		w.holder, w.waiter, err = pair(c)
	}
	if err != nil {
		return nil, err
	}
	if _, err := w.holder.ask(request{Do: "lock", Path: path}); err != nil {
		w.stop()
		return nil, err
	}
	return w, nil
}

func (w *watch) pid() int {
	if w.cmd != nil {
		return w.cmd.Process.Pid
	}
	return w.waiter.pid()
}

func (w *watch) stop() {
	w.holder.stop()
	if w.waiter != nil {
		w.waiter.stop()
	}
	if w.cmd != nil {
		_ = w.cmd.Process.Kill() // it may be gone already
		<-w.ended
	}
}

func (w *watch) begin() (err error) {
	if w.argv != nil {
		cmd := exec.Command(w.argv[0], w.argv[1:]...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			return err
		}
		w.cmd, w.ended = cmd, make(chan struct{})
		go func() {
			_ = cmd.Wait() // whatever became of it, it did not wait
			close(w.ended)
		}()
		return nil
	}
	if _, err := w.waiter.ask(request{Do: "when"}); err != nil { // it is up
		return err
	}
	if w.before, err = threadsTime(w.pid()); err != nil {
		return err
	}
	_, err = w.waiter.ask(request{Do: "wait", Path: w.path})
	return err
}

// outcome is after both looks.
func (w *watch) outcome(rest time.Duration) (outcome, error) {
	err := w.err
	if err == nil {
		err = w.waited()
	}
	growth := float64(w.last-w.first) / rest.Seconds()
	return outcome{values: map[string]float64{
		"begin": float64(w.first), "growth": growth, "hour": float64(w.first) + growth*3600,
	}}, err
}

// waited proves that the waiter did: it runs still, or gets the lock now.
func (w *watch) waited() error {
	if w.cmd != nil {
		select {
		case <-w.ended:
			return errors.New("it has ended while it should wait")
		default:
			return nil
		}
	}
	released := monotonic()
	if _, err := w.holder.ask(request{Do: "unlock"}); err != nil {
		return err
	}
	got, err := w.waiter.answer(patience)
	if err == nil && got.At < released {
		err = errors.New("it did not wait")
	}
	return err
}
