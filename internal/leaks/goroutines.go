package leaks

import (
	"maps"
	"runtime"
	"slices"
	"strings"
)

// goroutines are the stacks of those there are, by "goroutine 4711".
func goroutines() map[string]string {
	b := make([]byte, 64<<10)
	for {
		n := runtime.Stack(b, true)
		if n < len(b) {
			b = b[:n]
			break
		}
		b = make([]byte, 2*len(b))
	}
	all := map[string]string{}
	for stack := range strings.SplitSeq(strings.TrimSpace(string(b)), "\n\n") {
		id, _, _ := strings.Cut(stack, " [")
		all[id] = stack
	}
	return all
}

// stays are goroutines that the standard library starts once and never ends.
var stays = []string{
	"os/signal.loop(", // since the first signal.Notify
}

func leftGoroutines(before, now map[string]string) (left []string) {
	for _, id := range slices.Sorted(maps.Keys(now)) {
		stack := now[id]
		if _, was := before[id]; was || slices.ContainsFunc(stays, func(s string) bool { return strings.Contains(stack, "\n"+s) }) {
			continue
		}
		left = append(left, stack)
	}
	return left
}
