// Command filelock runs commands under a lock, and says who holds a lock, how
// that is known, and what can be done about it.
//
// Every subcommand has a file of its own, cmd_*.go; exit.go has the exit codes
// and the one place where errors become them.
package main

import (
	"context"
	"os"
	"runtime"
)

func main() {
	deepen()
	os.Exit(int(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)))
}

// deepen has the stack of this goroutine grow at once to what `filelock run`
// will need of it, while there is little on it. By itself it would double four
// times, each time deeper in calls, and be looked through and moved every time.
//
//go:noinline
func deepen() {
	var room [stackNeeded]byte
	runtime.KeepAlive(&room)
}

const stackNeeded = 12 << 10
