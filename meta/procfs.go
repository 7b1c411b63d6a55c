package meta

import (
	"bytes"
	"errors"
	"strconv"
)

// The parsers of Linux' /proc stand here and not in a Linux file, so that
// they are tested everywhere.

// parseProcStat takes the start time out of /proc/PID/stat: field 22, in clock
// ticks since boot (proc_pid_stat(5)). The second field is the program's name
// in parentheses; a program may call itself ") R 1 1", so what counts begins
// after the last one.
func parseProcStat(stat []byte) (start string, err error) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return "", errors.New("no program name in it")
	}
	fields := bytes.Fields(stat[end+1:])
	const index = 22 - 3 // the field after the name is the third
	if len(fields) <= index || !isDecimal(fields[index]) {
		return "", errors.New("no start time in it")
	}
	return string(fields[index]), nil
}

// procStatusField is a line of /proc/PID/status, by its name. The first line
// holds the program's name, with newlines escaped, so no program can add a line.
func procStatusField(status []byte, name string) []string {
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte(name+":")); ok {
			var fields []string
			for _, f := range bytes.Fields(rest) {
				fields = append(fields, string(f))
			}
			return fields
		}
	}
	return nil
}

// errForeignProc: what /proc says about a pid is about another process.
var errForeignProc = errors.New("/proc is of another PID namespace")

// isProcOf says whether a /proc shows the process self under its own pid: link
// is what /proc/self points to, status what /proc/self/status says. A /proc
// mounted for an outer PID namespace shows other pids than ours, and under our
// pid another process; NStgid lists the pids of a process from the namespace
// of that /proc inwards, so for our own /proc it has one entry (kernel 4.1).
func isProcOf(self int, link string, status []byte) bool {
	tgids := procStatusField(status, "NStgid")
	return link == strconv.Itoa(self) && len(tgids) <= 1
}

// cleanMachineID is the contents of /etc/machine-id, or "" when it is not what
// machine-id(5) says: 32 hex digits, not all zero. ("uninitialized" and an
// empty file are what an image has before its first boot.)
func cleanMachineID(b []byte) string {
	b = bytes.TrimSuffix(b, []byte("\n"))
	if len(b) != 32 || len(bytes.Trim(b, "0")) == 0 {
		return ""
	}
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return ""
		}
	}
	return string(b)
}

// cleanID is an identifier that the kernel gave, or "" if it is not one word
// of printable ASCII.
func cleanID(b []byte) string {
	b = bytes.TrimRight(b, "\n\x00")
	if len(b) > 128 {
		return ""
	}
	for _, c := range b {
		if c <= ' ' || c > '~' {
			return ""
		}
	}
	return string(b)
}

// uuidOf is a machine's UUID, or "" while none was set.
func uuidOf(id string) string {
	if id == "00000000-0000-0000-0000-000000000000" {
		return ""
	}
	return id
}
