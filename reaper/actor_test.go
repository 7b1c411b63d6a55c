package reaper_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/filelock-go/filelock/internal/leaks"
	"github.com/filelock-go/filelock/lock"
)

// actor is somebody who takes locks and looks at them: this process, or this
// test binary run as another one, which obeys orders on its standard input and
// answers on its standard output. One order has one answer, so nobody ever
// waits for a process by the clock.
type actor interface {
	order(t *testing.T, do string, args ...string) answer
}

// answer is what an order came to. An empty Err is success.
type answer struct {
	Err string
	Is  []string // names of the sentinels that the error matches

	State, Verdict, Rule, Mode, Kind, Missing string
	Evidence                                  []string

	Text string
	N    int
}

// scene is what an actor knows: the locks it holds, by path,
// and the processes it started.
type scene struct {
	held   map[string]lock.Locker
	others map[string]*process // those it started itself, by name
}

// deeds are the orders an actor understands. Each file of tests adds those it needs.
var deeds = map[string]func(s *scene, args []string) (answer, error){}

const actorVar = "FILELOCK_TEST_ACTOR"

func TestMain(m *testing.M) {
	if os.Getenv(actorVar) == "" {
		os.Exit(leaks.Check(m))
	}
	obeyOrders()
}

func obeyOrders() {
	s := newScene()
	in, out := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			os.Exit(0)
		}
		var o struct {
			Do   string
			Args []string
		}
		err = json.Unmarshal(line, &o)
		if err == nil {
			err = out.Encode(s.obey(o.Do, o.Args))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "actor:", err)
			os.Exit(1)
		}
	}
}

func newScene() *scene { return &scene{held: map[string]lock.Locker{}, others: map[string]*process{}} }

func (s *scene) obey(do string, args []string) answer {
	deed := deeds[do]
	if deed == nil {
		return answer{Err: "no such order: " + do}
	}
	a, err := deed(s, args)
	if err != nil {
		a.Err, a.Is = err.Error(), matches(err)
	}
	return a
}

// self is this process as an actor.
func self() actor { return newScene() }

func (s *scene) order(_ *testing.T, do string, args ...string) answer { return s.obey(do, args) }

// process is this test binary as another actor.
type process struct {
	*exec.Cmd
	stdin io.WriteCloser
	out   *bufio.Reader
}

// start runs another actor; how may change the way it is started. It is killed
// at the end of the test.
func start(t *testing.T, how ...func(*exec.Cmd)) *process {
	t.Helper()
	p, err := spawn(how...)
	if err != nil {
		t.Fatalf("start another process: %v", err)
	}
	t.Cleanup(func() {
		if p.ProcessState == nil {
			_ = p.Process.Kill()
			_ = p.Wait()
		}
	})
	return p
}

func spawn(how ...func(*exec.Cmd)) (*process, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), actorVar+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	for _, h := range how {
		h(cmd)
	}
	return &process{cmd, in, bufio.NewReader(out)}, cmd.Start()
}

func (p *process) order(t *testing.T, do string, args ...string) answer {
	t.Helper()
	a, err := p.ask(do, args...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (p *process) ask(do string, args ...string) (a answer, err error) {
	b, err := json.Marshal(map[string]any{"Do": do, "Args": args})
	if err != nil {
		return a, err
	}
	if _, err = p.stdin.Write(append(b, '\n')); err != nil {
		return a, fmt.Errorf("%s: the other process does not listen: %w", do, err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return a, fmt.Errorf("%s: the other process said nothing: %w", do, err)
	}
	return a, json.Unmarshal(line, &a)
}

// end kills the process with SIGKILL and collects it.
func (p *process) end(t *testing.T) {
	t.Helper()
	must(t, p.Process.Kill())
	_ = p.Wait() // says that it was killed
}

// obeys gives an order that must work.
func obeys(t *testing.T, a actor, do string, args ...string) answer {
	t.Helper()
	r := a.order(t, do, args...)
	if r.Err != "" {
		t.Fatalf("%s %q: %s", do, args, r.Err)
	}
	return r
}

// hold is an order to take and keep a lock, which must work.
func hold(t *testing.T, a actor, kind, path string) {
	t.Helper()
	if r := a.order(t, "hold", kind, path); r.Err != "" {
		t.Fatalf("the owner cannot take the lock: %s", r.Err)
	}
}

// owner starts a process that holds the soft lock at path.
func owner(t *testing.T, path string) *process {
	t.Helper()
	p := start(t)
	hold(t, p, "soft", path)
	return p
}

// grant writes a soft lock's record for the process itself, as `filelock lock`
// does for a shell: without a kernel lock. It returns the token.
func grant(t *testing.T, a actor, path string) string {
	t.Helper()
	r := a.order(t, "grant", path)
	if r.Err != "" {
		t.Fatalf("the lock cannot be granted: %s", r.Err)
	}
	return r.Text
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tempLock is a path for a lock, on a filesystem where soft locks work.
func tempLock(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "job.lock")
	needSoft(t, path)
	return path
}
