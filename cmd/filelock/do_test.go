package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func init() {
	roles["do"] = do
	roles["mysh"] = func() { fmt.Println("my shell:", strings.Join(os.Args[1:], " ")) }
	if runtime.GOOS == "windows" { // which has no such programs
		roles["true"] = func() {}
		roles["echo"] = func() { fmt.Println(strings.Join(os.Args[1:], " ")) }
	}
}

// do does what its arguments say, one after another: a COMMAND for systems that
// have no sh. $$ is its pid, $FENCE what it finds in its environment.
func do() {
	in := bufio.NewReader(os.Stdin)
	for _, step := range os.Args[1:] {
		verb, what, _ := strings.Cut(step, " ")
		what = strings.NewReplacer("$$", strconv.Itoa(os.Getpid()), "$FENCE", os.Getenv("FILELOCK_FENCE")).Replace(what)
		if err := doStep(in, verb, what); err != nil {
			fmt.Fprintln(os.Stderr, "do", step+":", err)
			os.Exit(99)
		}
	}
}

func doStep(in *bufio.Reader, verb, what string) error {
	switch verb {
	case "say":
		fmt.Println(what)
	case "read": // a line, or the end
		if _, err := in.ReadString('\n'); err != nil && err != io.EOF {
			return err
		}
	case "cat":
		b, err := os.ReadFile(what)
		if err != nil {
			return err
		}
		fmt.Print(string(b))
	case "rm":
		return os.Remove(what)
	case "mv": // away
		return os.Rename(what, what+".away")
	case "full": // else it is no file, or has nothing in it
		if fi, err := os.Stat(what); err != nil || fi.Size() == 0 {
			return fmt.Errorf("%v, %v", fi, err)
		}
	case "env":
		env := os.Environ()
		slices.Sort(env)
		for _, kv := range env {
			if strings.HasPrefix(kv, "FILELOCK_") && !strings.HasPrefix(kv, "FILELOCK_STATE_DIR=") && !strings.HasPrefix(kv, "FILELOCK_TEST_") {
				fmt.Println(kv)
			}
		}
	case "leave": // a process in the background, that writes its pid to a file, and ends when it is told to
		cmd := exec.Command("do", "pid "+what, "until "+what+".go", "pid "+what+".done")
		if err := cmd.Start(); err != nil {
			return err
		}
		for fi, err := os.Stat(what); err != nil || fi.Size() == 0; fi, err = os.Stat(what) {
			time.Sleep(time.Millisecond)
		}
	case "pid": // at once, or not at all
		if err := os.WriteFile(what+".new", []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
			return err
		}
		return os.Rename(what+".new", what)
	case "until":
		for _, err := os.Stat(what); err != nil; _, err = os.Stat(what) {
			time.Sleep(time.Millisecond)
		}
	case "forever":
		time.Sleep(time.Hour)
	case "run": // a program, with its arguments
		cmd := exec.Command(strings.Fields(what)[0], strings.Fields(what)[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		return cmd.Run()
	case "exit":
		n, err := strconv.ParseUint(what, 0, 32)
		if err != nil {
			return err
		}
		os.Exit(int(n))
	case "also": // nothing
	default:
		return fmt.Errorf("there is no step %q", verb)
	}
	return nil
}
