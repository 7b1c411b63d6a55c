//go:build linux

package main

import (
	"bufio"
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

//go:embed worker.py
var workerPy string

// proc is a contestant's process as this one sees it.
type proc struct {
	c   *contestant
	cmd *exec.Cmd
	in  *os.File
	out *os.File
	buf *bufio.Reader
	err tail
}

// spawn starts a process that answers requests.
func spawn(c *contestant) (_ *proc, err error) {
	p := &proc{c: c}
	if c.python != "" {
		p.cmd = exec.Command(python, "-c", workerPy, c.python)
	} else {
		binary := c.binary
		if binary == "" {
			if binary, err = os.Executable(); err != nil {
				return nil, err
			}
		}
		p.cmd = exec.Command(binary, "serve", cmp.Or(c.of, c.name))
	}
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirIn.Close(), in.Close())
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = theirIn, theirOut, &p.err
	p.in, p.out, p.buf = in, out, bufio.NewReader(out)
	// Whatever ends this process ends them: main stays on the thread that
	// starts them.
	p.cmd.WaitDelay = 5 * time.Second
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err = p.cmd.Start()
	err = errors.Join(err, theirIn.Close(), theirOut.Close())
	if err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}
	return p, nil
}

// patience is how long an answer may take beyond what it takes by design.
const patience = 20 * time.Second

// ask sends a request and returns the answer. An error ends the process's use.
func (p *proc) ask(q request) (reply, error) {
	if err := p.tell(q); err != nil {
		return reply{}, err
	}
	return p.answer(patience + time.Duration(q.For))
}

func (p *proc) tell(q request) error {
	b, err := json.Marshal(q)
	if err != nil {
		return err
	}
	if _, err = p.in.Write(append(b, '\n')); err != nil {
		return p.gone(err)
	}
	return nil
}

func (p *proc) answer(within time.Duration) (reply, error) {
	var r reply
	if err := p.out.SetReadDeadline(time.Now().Add(within)); err != nil {
		return r, err
	}
	line, err := p.buf.ReadBytes('\n')
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return r, fmt.Errorf("no answer within %s", within)
	case err != nil:
		return r, p.gone(err)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return r, err
	}
	if r.Err != "" {
		return r, errors.New(r.Err)
	}
	return r, nil
}

func (p *proc) gone(err error) error {
	return fmt.Errorf("its process has ended: %w: %s", err, p.err.String())
}

func (p *proc) pid() int { return p.cmd.Process.Pid }

// kill ends the process in whatever it does.
func (p *proc) kill() { _ = p.cmd.Process.Kill() } // it may be gone already

// stop ends the process and waits until it has ended.
func (p *proc) stop() {
	p.kill()
	_ = p.cmd.Wait() // killed
	_ = p.in.Close()
	_ = p.out.Close()
}

// tail keeps the end of what a process complains about.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b...)
	t.b = t.b[max(0, len(t.b)-400):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}
