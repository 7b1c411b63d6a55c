package fsys

import (
	"strconv"
	"strings"
)

const guardSuffix = ".guard"

// MostGuards is the deepest level of guard that there is. Levels are as deep as
// reapers crashed in each other's wake, so two are rare.
const MostGuards = 99

// GuardOf is the name of the side file that guards the removal of the file name,
// in the same directory: of a lock it is the guard of level 1, of a guard that of
// the next level. "" beyond [MostGuards].
func GuardOf(name string) string {
	lock, level := GuardName(name)
	if level == 0 {
		lock = name
	}
	if level == MostGuards {
		return ""
	}
	return "." + lock + "." + strconv.Itoa(level+1) + guardSuffix
}

// GuardName is the lock and the level of a guard; level 0 is what is no guard's
// name.
func GuardName(name string) (lock string, level int) {
	if !isSide(name, guardSuffix) {
		return "", 0
	}
	inner := name[1 : len(name)-len(guardSuffix)]
	dot := strings.LastIndexByte(inner, '.')
	if dot <= 0 {
		return "", 0
	}
	digits := inner[dot+1:]
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > MostGuards || digits != strconv.Itoa(n) {
		return "", 0
	}
	return inner[:dot], n
}
