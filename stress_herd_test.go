//go:build linux || windows

package filelock_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/filelock-go/filelock/internal/emulation"
)

// herd is the parent of a stress: it keeps so many processes at the lock,
// starting another for each that dies, and kills and stops some itself.
type herd struct {
	arena arena
	kinds []string

	mu     sync.Mutex
	over   bool
	alive  map[*prey]io.Closer // and its standard input
	killed int                 // processes that ended by being killed
	wrong  []string            // processes that ended in another way than they should
	still  []death             // those that no process has died yet

	stalled time.Duration // the longest that the machine did not run the parent when it wanted to
}

func newHerd(t *testing.T, kinds ...string) *herd {
	h := &herd{arena: arena{t.TempDir()}, kinds: kinds, alive: make(map[*prey]io.Closer)}
	must(t, os.Mkdir(h.arena.locks(), 0o755))
	must(t, os.WriteFile(h.arena.counter(), nil, 0o644))
	return h
}

// herdPatience is how long a stress is prolonged, and how long its last
// processes have to get the lock, on a machine that does much else.
const herdPatience = 3 * time.Minute

// run keeps n processes at the lock for d, and then until enough says so or
// patience ends. It returns when the last has ended.
func (h *herd) run(t *testing.T, n int, d time.Duration, enough func() bool) {
	t.Helper()
	var keepers sync.WaitGroup
	for range n {
		keepers.Go(func() {
			for h.one() {
			}
		})
	}
	for begin := time.Now(); ; {
		if ran := time.Since(begin); ran > d+herdPatience || ran > d && enough() {
			break
		}
		pause := 10*time.Millisecond + rand.N(30*time.Millisecond)
		if emulation.Qemu() { // a process takes twenty times as long to start
			pause *= 8
		}
		asleep := time.Now()
		time.Sleep(pause)
		h.stalled = max(h.stalled, time.Since(asleep)-pause)
		h.disturb()
	}
	h.mu.Lock()
	h.over = true
	for _, stdin := range h.alive {
		_ = stdin.Close()
	}
	h.mu.Unlock()
	done := make(chan struct{})
	go func() {
		keepers.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(herdPatience):
		b, _ := os.ReadFile(h.arena.lock())
		h.all((*prey).goOn)
		h.all((*prey).quit)
		<-done
		t.Fatalf("some process does not get the lock, %v after the others ended; the lock file says %q, and the process %s", herdPatience, b, h.wrong)
	}
}

func (h *herd) all(do func(*prey)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for p := range h.alive {
		do(p)
	}
}

// one starts a process and waits for its end; false when the stress is over.
func (h *herd) one() bool {
	h.mu.Lock()
	still := h.still
	h.mu.Unlock()
	j, err := json.Marshal(job{Dir: h.arena.dir, Kinds: h.kinds, Seed: rand.Uint64(), Deaths: still})
	if err != nil {
		panic(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(os.Args[0], string(j))
	cmd.Env = append(os.Environ(), roleVar+"=stress")
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	var p *prey
	if err == nil {
		p, err = newPrey(cmd)
	}
	h.mu.Lock()
	if err != nil {
		h.wrong = append(h.wrong, err.Error())
		h.mu.Unlock()
		return false
	}
	h.alive[p] = stdin
	if h.over {
		_ = stdin.Close()
	}
	h.mu.Unlock()

	err = cmd.Wait()
	h.arena.queue(ended, cmd.Process.Pid)
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.alive, p)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && wasKilled(exit):
		h.killed++
	case err != nil:
		h.wrong = append(h.wrong, fmt.Sprintf("process %d: %v\n%s", cmd.Process.Pid, err, stderr.Bytes()))
		return false
	}
	return !h.over
}

// disturb kills one of the processes, wherever it is, or stops it for a moment.
func (h *herd) disturb() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for p := range h.alive { // the map's order is random enough
		if rand.IntN(2) == 0 {
			h.arena.queue(dies, p.Process.Pid)
			p.kill()
		} else if p.stop() {
			time.AfterFunc(rand.N(15*time.Millisecond), p.goOn)
		}
		return
	}
}
