package netfs

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience ends what hangs. A busy machine is slow, so it asserts nothing.
const patience = 2 * time.Minute

// Guest is a machine: a User-Mode Linux kernel.
type Guest struct {
	Name string // srv, c1 or c2, which is its host name too
	addr int    // 10.0.0.addr
	rig  *Rig
	port *port
	args []string // of its kernel, in addition to what every guest has

	cmd    *exec.Cmd
	orders *os.File
	gone   sync.WaitGroup // its readers and who waits for it
	dead   chan struct{}  // closed when its kernel has ended

	mu        sync.Mutex
	encode    *json.Encoder
	last      int // number of a process
	processes map[int]*Process
	console   strings.Builder
	up        chan struct{}
}

// isUp waits until the agent of a machine that was started obeys.
func (g *Guest) isUp(t *testing.T) {
	t.Helper()
	select {
	case <-g.up:
	case <-g.dead:
		t.Fatalf("%s died as it started:\n%s", g.Name, g.Console())
	case <-time.After(patience):
		t.Fatalf("%s is not up:\n%s", g.Name, g.Console())
	}
}

// boot starts the machine's kernel.
func (g *Guest) boot() error {
	orderIn, orderOut, err := os.Pipe()
	if err != nil {
		return err
	}
	defer orderIn.Close()
	wordIn, wordOut, err := os.Pipe()
	if err != nil {
		return err
	}
	defer wordOut.Close()
	g.port.drain()
	g.rig.started++
	id := fmt.Sprintf("%s-%d", g.Name, g.rig.started)
	g.cmd = exec.Command("linux.uml", append([]string{
		"mem=256M", "rootfstype=hostfs", "rootflags=/", "ro", "init=" + g.rig.dir + "/init.sh",
		"con=null", "con0=null,fd:1", "ssl=null", "ssl0=fd:4,fd:5", "quiet", "panic=1",
		"uml_dir=" + g.rig.dir, "umid=" + id,
		fmt.Sprintf("vec0:transport=fd,fd=3,mac=02:00:00:00:00:%02x", g.addr),
		"RIGWORK=" + g.rig.dir, "RIGHOST=" + g.Name, fmt.Sprintf("RIGADDR=%d", g.addr),
	}, g.args...)...)
	g.cmd.ExtraFiles = []*os.File{g.port.guest, orderIn, wordOut}
	// In a PID namespace of its own: the processes of the guest die with its kernel.
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Cloneflags: syscall.CLONE_NEWPID, Setpgid: true}
	console, err := g.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	g.cmd.Stderr = g.cmd.Stdout
	started := make(chan error)
	starts <- func() { started <- g.cmd.Start() }
	if err := <-started; err != nil {
		_ = orderOut.Close()
		_ = wordIn.Close()
		return err
	}
	g.mu.Lock()
	g.orders, g.encode = orderOut, json.NewEncoder(orderOut)
	g.processes = map[int]*Process{}
	g.console.Reset()
	g.up, g.dead = make(chan struct{}), make(chan struct{})
	g.mu.Unlock()
	g.gone.Add(1)
	go g.follow(console, wordIn, g.dead)
	return nil
}

// follow reads what the guest says until it has ended.
func (g *Guest) follow(console io.Reader, words *os.File, dead chan struct{}) {
	defer g.gone.Done()
	var reading sync.WaitGroup
	reading.Add(2)
	go func() {
		defer reading.Done()
		for in := bufio.NewReader(console); ; {
			s, err := in.ReadString('\n')
			g.mu.Lock()
			g.console.WriteString(s)
			g.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	go func() {
		defer reading.Done()
		defer words.Close()
		for in := json.NewDecoder(words); ; {
			var w word
			if err := in.Decode(&w); err != nil {
				_, _ = io.Copy(io.Discard, words) // it must be able to go on
				return
			}
			g.hear(w)
		}
	}()
	reading.Wait()
	_ = g.cmd.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.processes {
		p.lost()
	}
	_ = g.orders.Close()
	close(dead)
}

func (g *Guest) hear(w word) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.Up {
		close(g.up)
	} else if p := g.processes[w.ID]; p != nil {
		p.hear(w)
	}
}

func (g *Guest) tell(o order) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.encode.Encode(o)
}

// Console is what the kernel and the first process of the guest have printed.
func (g *Guest) Console() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.console.String()
}

// Alive tells whether the guest's kernel runs, if only in principle.
func (g *Guest) Alive() bool {
	if g.dead == nil {
		return false
	}
	select {
	case <-g.dead:
		return false
	default:
		return true
	}
}

// Crash kills the machine as a power failure does, and returns when it is gone.
// Its processes end with it; Wait returns -1 for them.
func (g *Guest) Crash() {
	if g.Alive() {
		_ = g.cmd.Process.Kill()
		<-g.dead
	}
	g.gone.Wait()
}

// Freeze stops the machine, as when a virtual machine is paused, its clocks
// included, until Thaw: its clocks are right again then.
func (g *Guest) Freeze(t *testing.T) {
	t.Helper()
	// The main process only: the others, which it traces, wait for it.
	must(t, g.cmd.Process.Signal(syscall.SIGSTOP))
}

// Thaw ends Freeze.
func (g *Guest) Thaw(t *testing.T) {
	t.Helper()
	must(t, g.cmd.Process.Signal(syscall.SIGCONT))
}

// Cut cuts the machine off the network, in both directions.
func (g *Guest) Cut() { g.port.deaf.Store(true); g.port.mute.Store(true) }

// Deafen loses all that is sent to the machine; what it sends arrives.
func (g *Guest) Deafen() { g.port.deaf.Store(true) }

// Mute loses all that the machine sends; what is sent to it arrives.
func (g *Guest) Mute() { g.port.mute.Store(true) }

// Heal ends Cut, Deafen and Mute.
func (g *Guest) Heal() { g.port.deaf.Store(false); g.port.mute.Store(false) }

// shared is the path in every guest of a file of the rig's directory.
func shared(name string) string { return filepath.Join("/mnt/h", name) }
