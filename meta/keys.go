package meta

import (
	"math"
	"strings"
	"time"
)

// key is a key of the record that this package knows, in the order in which
// they are written.
type key int

const (
	keyFormat key = iota
	keyKind
	keyToken
	keyPID
	keyHostname
	keyInstance
	keyOnBehalf
	keyCreated
	keyStart
	keyBootID
	keyMachineID
	keyPIDNamespace
	keyTimeNamespace
	keyUser
	keyProgram
	keyKernelLock
	keyInode
	keyFilesystem
	keyDevice
	keyLeaseMS
	keyFence
	keyNote
	keyLabels
	numKeys
)

var keyNames = [numKeys]string{
	"format", "kind", "token", "pid", "hostname", "instance", "on_behalf", "created",
	"start", "boot_id", "machine_id", "pid_namespace", "time_namespace",
	"user", "program", "kernel_lock", "inode", "filesystem", "device", "lease_ms", "fence", "note", "labels",
}

const requiredKeys = 1<<keyFormat | 1<<keyToken | 1<<keyPID | 1<<keyHostname | 1<<keyCreated

// keyNamed returns numKeys for a key that is not known. The match is exact:
// encoding/json's, which ignores case, would let two readers see two owners.
func keyNamed(name []byte) key {
	for k, n := range keyNames {
		if n == string(name) {
			return key(k)
		}
	}
	return numKeys
}

// The following are the values that Parse accepts and Encode writes; both ask
// here, so that they cannot disagree.

// maxPID is Windows' DWORD, the widest process id there is, as far as an int
// holds it.
const maxPID = min(math.MaxUint32, math.MaxInt)

// maxDepth is how deep the value of a key that is not known may nest. Nothing
// here recurses; the bound keeps encoding/json's own (10,000) out of reach.
const maxDepth = 100

func isDecimal(s []byte) bool {
	if len(s) == 0 || len(s) > 20 { // 2^64 has 20 digits
		return false
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// isUUID takes the canonical form only, lower case with hyphens: tokens are
// compared as strings, and one acquisition must not have two names.
func isUUID(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	var all, hyphens byte
	for i := range len(s) { // no branch: of random digits each would be a surprise
		c := uuidBytes[s[i]]
		all |= c
		hyphens += c & uuidHyphen
	}
	return all&uuidNone == 0 && hyphens == 4*uuidHyphen
}

const (
	uuidHyphen = 1 << iota
	uuidNone   // is in no UUID
)

var uuidBytes = func() (t [256]byte) {
	for i := range t {
		switch c := byte(i); {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f':
		case c == '-':
			t[i] = uuidHyphen
		default:
			t[i] = uuidNone
		}
	}
	return t
}()

// parseTime reads an RFC 3339 time that can be written in UTC, too.
func parseTime(s string) (time.Time, bool) {
	// Package time also takes an hour of one digit and a comma (go.dev/issue/54580).
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || s[len("2006-01-02T15")] != ':' || strings.Contains(s, ",") {
		return time.Time{}, false
	}
	t = t.UTC()
	return t, isWritable(t)
}

// isWritable says whether RFC 3339 can write t, which must be in UTC.
func isWritable(t time.Time) bool { y := t.Year(); return y >= 0 && y <= 9999 }
