package meta

import (
	"bytes"
	"os"

	"golang.org/x/sys/unix"
)

// machineID is the hardware's number, which all logical partitions of a machine
// have in common, with the number that RSCT gave to this one (ct_node_id) and
// the name it has: partitions that were cloned, and started in the same second,
// have that at least of their own. Without all three there is none.
func machineID() string {
	var u unix.Utsname
	node, err := os.ReadFile("/etc/ct_node_id")
	if err != nil || unix.Uname(&u) != nil {
		return ""
	}
	id, _, _ := bytes.Cut(node, []byte("\n"))
	parts := [][]byte{bytes.TrimSpace(id), text(u.Machine[:]), text(u.Nodename[:])}
	for _, p := range parts {
		if len(p) == 0 {
			return ""
		}
	}
	return cleanID(bytes.Join(parts, []byte("/")))
}

func text(b []byte) []byte {
	s, _, _ := bytes.Cut(b, []byte{0})
	return s
}
