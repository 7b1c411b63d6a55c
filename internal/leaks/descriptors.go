package leaks

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
)

// descriptors are those that are open, by number, with what they are of. Only
// Linux says.
func descriptors() map[string]string {
	const dir = "/proc/self/fd"
	if runtime.GOOS != "linux" {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // no /proc: nothing to compare with, before or after
	}
	all := map[string]string{}
	for _, e := range entries {
		// The one of this very look is closed by now, so it has no target.
		if of, err := os.Readlink(dir + "/" + e.Name()); err == nil {
			all[e.Name()] = of
		}
	}
	return all
}

// poller are the descriptors that the runtime opens with the first file or
// pipe that can be polled, and keeps.
var poller = []string{"anon_inode:[eventpoll]", "anon_inode:[eventfd]"}

func leftDescriptors(before, now map[string]string) (left []string) {
	for _, n := range slices.Sorted(maps.Keys(now)) {
		if of := now[n]; before[n] != of && !isPoller(of) {
			left = append(left, fmt.Sprintf("descriptor %s: %s", n, of))
		}
	}
	return left
}

func isPoller(of string) bool {
	return slices.ContainsFunc(poller, func(p string) bool { return strings.HasPrefix(of, p) })
}
