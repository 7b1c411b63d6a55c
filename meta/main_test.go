package meta_test

import (
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/filelock-go/filelock/internal/leaks"
)

// childEnv names what this binary shall do as the second process of a test.
const childEnv = "FILELOCK_META_TEST_CHILD"

// children are registered beside their tests.
var children = map[string]func(){
	"wait": func() { ready(); waitForEnd() },
}

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		children[name]()
		os.Exit(0)
	}
	os.Exit(leaks.Check(m))
}

// ready tells the parent, which reads a byte.
func ready() { os.Stdout.WriteString("r") }

// waitForEnd returns when the parent closes the pipe, or has died.
func waitForEnd() { io.Copy(io.Discard, os.Stdin) }

// start runs a child and returns once it is ready.
func start(t *testing.T, name string, change func(*exec.Cmd)) *exec.Cmd {
	t.Helper()
	cmd, _, _ := startTalking(t, name, change)
	return cmd
}

// startTalking is start of a child that is told things and says more.
func startTalking(t *testing.T, name string, change func(*exec.Cmd)) (cmd *exec.Cmd, in io.WriteCloser, out io.Reader) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+name)
	cmd.Stderr = os.Stderr
	if change != nil {
		change(cmd)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err = cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		t.Fatalf("child %s: %v", name, err)
	}
	return cmd, in, out
}
