package main

import (
	"os"
	"strconv"
	"strings"
)

// ancestors is this process and those that it was started by; false when they
// cannot be told.
func ancestors() (map[int]bool, bool) {
	all := map[int]bool{}
	for pid := os.Getpid(); pid > 0 && !all[pid]; { // 0: from outside the PID namespace
		all[pid] = true
		b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
		if err != nil {
			return nil, false
		}
		_, rest, _ := strings.Cut(string(b), "\nPPid:")
		line, _, _ := strings.Cut(rest, "\n")
		if pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
			return nil, false
		}
	}
	return all, true
}
