package netfs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// order is what the test tells the agent of a guest, a line of JSON on the
// guest's serial line: start a process, or do something to one.
type order struct {
	ID     int
	Argv   []string `json:",omitempty"`
	Env    []string `json:",omitempty"` // in addition to the agent's
	Signal int      `json:",omitempty"`
	In     string   `json:",omitempty"` // a line for its standard input
	EOF    bool     `json:",omitempty"` // the end of its standard input
}

// word is what the agent tells the test.
type word struct {
	ID   int
	Up   bool    `json:",omitempty"`
	PID  int     `json:",omitempty"`
	Line *string `json:",omitempty"` // of its output or standard error
	Exit *int    `json:",omitempty"` // its exit code, -1 after a signal; its last word
}

// serial is the guest's end of the line to the test.
const serial = "/dev/ttyS0"

func init() {
	roles["agent"] = func([]string) error {
		os.Unsetenv(roleVar)
		line, err := os.OpenFile(serial, os.O_RDWR|syscall.O_NOCTTY, 0)
		if err != nil {
			return err
		}
		if err := makeRaw(int(line.Fd())); err != nil {
			return fmt.Errorf("make %q raw: %w", serial, err)
		}
		a := &agent{out: json.NewEncoder(line), running: map[int]*exec.Cmd{}, inputs: map[int]io.WriteCloser{}}
		a.say(word{Up: true})
		in := json.NewDecoder(bufio.NewReader(line))
		for {
			var o order
			if err := in.Decode(&o); err != nil {
				return err
			}
			a.obey(o)
		}
	}
}

// makeRaw makes a terminal pass on bytes as they are, in both directions.
func makeRaw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

// agent runs processes in a guest.
type agent struct {
	mu      sync.Mutex
	out     *json.Encoder
	running map[int]*exec.Cmd
	inputs  map[int]io.WriteCloser
}

func (a *agent) say(w word) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.out.Encode(w); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

func (a *agent) obey(o order) {
	if o.Argv != nil {
		a.start(o)
		return
	}
	a.mu.Lock()
	cmd, in := a.running[o.ID], a.inputs[o.ID]
	a.mu.Unlock()
	if cmd == nil { // it has ended
		return
	}
	if o.Signal != 0 {
		_ = cmd.Process.Signal(syscall.Signal(o.Signal))
	}
	if o.In != "" {
		_, _ = io.WriteString(in, o.In+"\n")
	}
	if o.EOF {
		_ = in.Close()
	}
}

func (a *agent) start(o order) {
	cmd := exec.Command(o.Argv[0], o.Argv[1:]...)
	cmd.Env = append(os.Environ(), o.Env...)
	said := &lines{say: func(s string) { a.say(word{ID: o.ID, Line: &s}) }}
	cmd.Stdout, cmd.Stderr = said, said
	cmd.WaitDelay = time.Second // what it leaves running may have its output still
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		text, code := err.Error(), 127
		a.say(word{ID: o.ID, Line: &text})
		a.say(word{ID: o.ID, Exit: &code})
		return
	}
	a.mu.Lock()
	a.running[o.ID], a.inputs[o.ID] = cmd, in
	a.mu.Unlock()
	a.say(word{ID: o.ID, PID: cmd.Process.Pid})
	go func() {
		_ = cmd.Wait()
		a.mu.Lock()
		delete(a.running, o.ID)
		delete(a.inputs, o.ID)
		a.mu.Unlock()
		said.rest()
		code := cmd.ProcessState.ExitCode()
		a.say(word{ID: o.ID, Exit: &code})
	}()
}

// lines says what is written to it line by line.
type lines struct {
	mu   sync.Mutex
	open []byte
	say  func(string)
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = append(l.open, p...)
	for {
		i := bytes.IndexByte(l.open, '\n')
		if i < 0 {
			return len(p), nil
		}
		l.say(string(l.open[:i]))
		l.open = l.open[i+1:]
	}
}

// rest says the last line, if it has no end.
func (l *lines) rest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) > 0 {
		l.say(string(l.open))
		l.open = nil
	}
}
