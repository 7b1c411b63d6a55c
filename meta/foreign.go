package meta

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parseForeign recognises other programs' lock files, to explain them: nothing
// is decided by it. Two forms are known:
//
//   - a pid alone, blanks around it and a newline after it allowed: pid files,
//     and the UUCP locks of serial lines, "%10d\n" (Filesystem Hierarchy
//     Standard 3.0, section 5.9)
//   - Python filelock's SoftFileLock: pid, host name and, in newer versions, a
//     start token, one a line
func parseForeign(b []byte) *ForeignOwner {
	const longest = 10 + 255 + 128 + len("\n\n\n") // also keeps a page of noise from being split
	if len(b) > longest || !utf8.Valid(b) {
		return nil
	}
	lines := strings.Split(string(bytes.TrimSuffix(b, []byte("\n"))), "\n")
	if len(lines) == 1 {
		if pid := foreignPID(strings.Trim(lines[0], " ")); pid != 0 {
			return &ForeignOwner{Format: "pid file", PID: pid}
		}
		return nil
	}
	f := &ForeignOwner{Format: "Python filelock", PID: foreignPID(lines[0]), Hostname: lines[1]}
	if f.PID == 0 || len(lines) > 3 || !printableLine(f.Hostname, 255) || strings.Contains(f.Hostname, " ") {
		return nil
	}
	if len(lines) == 3 {
		if f.Start = lines[2]; !printableLine(f.Start, 128) {
			return nil
		}
	}
	return f
}

// foreignPID is 0 for what is not a pid.
func foreignPID(s string) int {
	if s == "" || s[0] < '1' || s[0] > '9' { // no sign, no leading zero
		return 0
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n > math.MaxInt32 {
		return 0
	}
	return int(n)
}

func printableLine(s string, longest int) bool {
	return s != "" && len(s) <= longest && !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) })
}
