package fsys

import (
	"runtime"
	"strings"
)

// What the names of side files end with; guardSuffix is another.
const (
	gateSuffix  = ".gate"
	fenceSuffix = ".fence"
)

// GateName is the name of the side file at which those who wait for the lock
// name wait in order, in the same directory.
func GateName(name string) string { return "." + name + gateSuffix }

// IsGate says whether a name is that of such a side file.
func IsGate(name string) bool { return isSide(name, gateSuffix) }

// MayBeGate says whether a file can be such a side file: nothing of ours by that
// name has contents or another name.
func MayBeGate(info Info) bool {
	return info.Mode.IsRegular() && info.Size == 0 && info.Links <= 1
}

// FenceName is the name of the side file whose size is the fence of the lock
// name.
func FenceName(name string) string { return "." + name + fenceSuffix }

// IsFence says whether a name is that of such a side file.
func IsFence(name string) bool { return isSide(name, fenceSuffix) }

// IsSide says whether a name is that of some lock's side file. No lock can have
// it.
func IsSide(name string) bool {
	return isSide(name, guardSuffix) || isSide(name, gateSuffix) || isSide(name, fenceSuffix)
}

// foldsCase: names that differ only in that name one file, as a rule.
const foldsCase = runtime.GOOS == "windows" || runtime.GOOS == "darwin" || runtime.GOOS == "ios"

func isSide(name, suffix string) bool {
	if len(name) <= len(".")+len(suffix) || name[0] != '.' {
		return false
	}
	end := name[len(name)-len(suffix):]
	return end == suffix || foldsCase && strings.EqualFold(end, suffix)
}

const (
	asidePrefix = ".filelock-"
	asideSuffix = ".gone"
)

// AsideName is the name that a file is given where its own would stay after it is
// unlinked. What is left under it is a lock file that nobody holds.
func AsideName(unique string) string { return asidePrefix + unique + asideSuffix }

// IsAside says whether a name is one of AsideName's.
func IsAside(name string) bool {
	return len(name) > len(asidePrefix)+len(asideSuffix) && strings.HasPrefix(name, asidePrefix) && strings.HasSuffix(name, asideSuffix)
}
