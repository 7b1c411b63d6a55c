package fsys

import "strings"

// gateSuffix ends the name of the side file at which waiters wait in order.
const gateSuffix = ".gate"

// GateName is the name of the side file at which those who wait for the lock
// name wait in order, in the same directory.
func GateName(name string) string { return "." + name + gateSuffix }

// IsGate says whether a name is that of such a side file. No lock can have it.
func IsGate(name string) bool {
	return len(name) > len(".")+len(gateSuffix) && name[0] == '.' && strings.HasSuffix(name, gateSuffix)
}
