// Command filelock runs commands under a lock, and says who holds a lock, how
// that is known, and what can be done about it.
//
// Every subcommand has a file of its own, cmd_*.go; exit.go has the exit codes
// and the one place where errors become them.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(int(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)))
}
