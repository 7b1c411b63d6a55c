package netfs

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// Process is a process in a guest.
type Process struct {
	guest *Guest
	id    int
	argv  []string

	changed chan struct{} // closed, and replaced, at each word of it
	pid     int
	said    []string
	read    int
	exit    *int
}

// Start starts a program in the guest, with the environment of the agent and env
// in addition. Its standard input is empty until Say.
func (g *Guest) Start(t *testing.T, env []string, argv ...string) *Process {
	t.Helper()
	g.mu.Lock()
	g.last++
	p := &Process{guest: g, id: g.last, argv: argv, changed: make(chan struct{})}
	g.processes[p.id] = p
	g.mu.Unlock()
	if err := g.tell(order{ID: p.id, Argv: argv, Env: env}); err != nil {
		t.Fatalf("%s: start %q: %v\n%s", g.Name, argv, err, g.Console())
	}
	return p
}

// Role starts this test binary in the guest, in a role.
func (g *Guest) Role(t *testing.T, role string, args ...string) *Process {
	t.Helper()
	return g.Start(t, []string{roleVar + "=" + role}, append([]string{shared("netfs.test")}, args...)...)
}

// Run runs a program in the guest, and returns what it said. It must exit 0.
func (g *Guest) Run(t *testing.T, argv ...string) string {
	t.Helper()
	return g.Start(t, nil, argv...).Succeeds(t)
}

// Act runs this test binary in the guest, in a role, and returns what it said. It
// must exit 0.
func (g *Guest) Act(t *testing.T, role string, args ...string) string {
	t.Helper()
	return g.Role(t, role, args...).Succeeds(t)
}

// Succeeds waits until the process has ended, which must be with 0, and returns
// all that it said.
func (p *Process) Succeeds(t *testing.T) string {
	t.Helper()
	if code := p.Wait(t); code != 0 {
		t.Fatalf("%s: %q: exit code %d\n%s\nconsole: %s", p.guest.Name, p.argv, code, p.Output(), p.guest.Console())
	}
	return p.Output()
}

// Wait waits until the process has ended, and returns its exit code: -1 after a
// signal, or when its machine was killed.
func (p *Process) Wait(t *testing.T) int {
	t.Helper()
	p.until(t, "has not ended", func() bool { return p.exit != nil })
	p.guest.mu.Lock()
	defer p.guest.mu.Unlock()
	return *p.exit
}

// Ended tells whether the process has ended.
func (p *Process) Ended() bool {
	p.guest.mu.Lock()
	defer p.guest.mu.Unlock()
	return p.exit != nil
}

// Line is the next line that the process says. It must say one.
func (p *Process) Line(t *testing.T) string {
	t.Helper()
	p.until(t, "said no line more", func() bool { return p.read < len(p.said) || p.exit != nil })
	p.guest.mu.Lock()
	defer p.guest.mu.Unlock()
	if p.read == len(p.said) {
		t.Fatalf("%s: %q ended with %d, and said no line more:\n%s", p.guest.Name, p.argv, *p.exit, strings.Join(p.said, "\n"))
	}
	p.read++
	return p.said[p.read-1]
}

// Awaits reads lines until one begins so, and returns it.
func (p *Process) Awaits(t *testing.T, prefix string) string {
	t.Helper()
	for {
		if s := p.Line(t); strings.HasPrefix(s, prefix) {
			return s
		}
	}
}

// Unread is what the process has said that Line has not returned.
func (p *Process) Unread() []string {
	p.guest.mu.Lock()
	defer p.guest.mu.Unlock()
	return append([]string(nil), p.said[p.read:]...)
}

// Output is all that the process has said so far.
func (p *Process) Output() string {
	p.guest.mu.Lock()
	defer p.guest.mu.Unlock()
	return strings.Join(p.said, "\n")
}

// PID is the number of the process in its guest, once it has one.
func (p *Process) PID(t *testing.T) int {
	t.Helper()
	p.until(t, "was not started", func() bool { return p.pid != 0 || p.exit != nil })
	return p.pid
}

// Signal sends the process a signal. It does nothing if it has ended.
func (p *Process) Signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	must(t, p.guest.tell(order{ID: p.id, Signal: int(s)}))
}

// Kill kills the process and waits until it is gone.
func (p *Process) Kill(t *testing.T) {
	t.Helper()
	p.Signal(t, syscall.SIGKILL)
	p.Wait(t)
}

// Say writes a line to the process's standard input.
func (p *Process) Say(t *testing.T, line string) {
	t.Helper()
	must(t, p.guest.tell(order{ID: p.id, In: line}))
}

// Close ends the process's standard input.
func (p *Process) Close(t *testing.T) {
	t.Helper()
	must(t, p.guest.tell(order{ID: p.id, EOF: true}))
}

// quiet kills all processes of the guest but one.
func (g *Guest) quiet(t *testing.T, but *Process) {
	t.Helper()
	g.mu.Lock()
	var running []*Process
	for _, p := range g.processes {
		if p != but && p.exit == nil {
			running = append(running, p)
		}
	}
	g.mu.Unlock()
	for _, p := range running {
		p.Kill(t)
	}
}

func (p *Process) until(t *testing.T, not string, is func() bool) {
	t.Helper()
	for late := time.After(patience); ; {
		p.guest.mu.Lock()
		done, changed := is(), p.changed
		p.guest.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("%s: %q %s for %v. It said:\n%s\nconsole: %s", p.guest.Name, p.argv, not, patience, p.Output(), p.guest.Console())
		}
	}
}

// hear takes a word of the agent. The guest is locked.
func (p *Process) hear(w word) {
	switch {
	case w.PID != 0:
		p.pid = w.PID
	case w.Line != nil:
		p.said = append(p.said, *w.Line)
	case w.Exit != nil:
		p.exit = w.Exit
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// lost is the end of the process because its machine has ended. The guest is
// locked.
func (p *Process) lost() {
	if p.exit == nil {
		code := -1
		p.hear(word{Exit: &code})
	}
}
