//go:build linux

package main

// pyRun is what a Python program does that runs a command under a lock.
const pyRun = `import filelock, subprocess, sys
with filelock.FileLock(sys.argv[1], timeout=0):
    sys.exit(subprocess.call(sys.argv[2:]))`

func commandTrue(_, _ string) []string      { return []string{"true"} }
func commandBound(us, _ string) []string    { return []string{us, "true"} }
func commandFlock(_, path string) []string  { return []string{"flock", "-n", path, "true"} }
func commandPython(_, path string) []string { return []string{python, "-c", pyRun, path, "true"} }
func commandSoft(us, path string) []string  { return []string{us, "run", "-n", path, "true"} }
func commandHard(us, path string) []string  { return []string{us, "run", "--hard", "-n", path, "true"} }

func waitFlock(_, path string) []string { return []string{"flock", path, "true"} }
func waitSoft(us, path string) []string { return []string{us, "run", path, "true"} }
func waitDotlockfile(_, path string) []string {
	return []string{"dotlockfile", "-l", "-p", "-r", "-1", path}
}
