package fsys

import (
	"path"
	"strings"
)

// mountEntry is one line of the system's table of mounts.
type mountEntry struct {
	id      string
	device  string // major:minor
	root    string // the directory of the filesystem that is mounted
	point   string
	typ     string
	source  string
	options []string // the mount's own, then the filesystem's
}

// readOnly: either the mount is or the whole filesystem.
func (e *mountEntry) readOnly() bool {
	for _, o := range e.options {
		if o == "ro" {
			return true
		}
	}
	return false
}

// parseMountInfo reads /proc/PID/mountinfo (proc_pid_mountinfo(5)):
//
//	36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
//
// Lines that are not like that are left out. Neither a name nor an option can
// end a line or a field early: the kernel writes such bytes as octal numbers.
func parseMountInfo(table string) []mountEntry {
	var all []mountEntry
	for line := range strings.Lines(table) {
		if e, ok := parseMountLine(strings.TrimSuffix(line, "\n")); ok {
			all = append(all, e)
		}
	}
	return all
}

func parseMountLine(line string) (mountEntry, bool) {
	const (
		id, device, root, point, options = 0, 2, 3, 4, 5
		optional                         = 6 // any number of these, and "-"
	)
	f := strings.Split(line, " ") // a source may be empty
	end := optional
	for end < len(f) && f[end] != "-" {
		end++
	}
	if len(f) < end+4 {
		return mountEntry{}, false
	}
	e := mountEntry{
		id: f[id], device: f[device], root: unescape(f[root]), point: unescape(f[point]),
		typ: unescape(f[end+1]), source: unescape(f[end+2]),
	}
	for _, list := range []string{f[options], f[end+3]} {
		for o := range strings.SplitSeq(list, ",") {
			e.options = append(e.options, unescape(o))
		}
	}
	return e, strings.HasPrefix(e.point, "/")
}

// unescape replaces a backslash and three octal digits by the byte they are,
// as they are written in /proc/PID/mountinfo and in exports(5).
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if n, ok := octal(s[i:]); ok {
			b.WriteByte(n)
			i += 3
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func octal(s string) (byte, bool) {
	if len(s) < 4 || s[0] != '\\' {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s[1:4]) {
		if c < '0' || c > '7' {
			return 0, false
		}
		n = n<<3 | int(c-'0')
	}
	return byte(n), n < 0x100
}

// mountWithID is the mount with this id, or nil.
func mountWithID(table []mountEntry, id string) *mountEntry {
	for i := range table {
		if table[i].id == id {
			return &table[i]
		}
	}
	return nil
}

// mountAbove is the mount with the longest mount point at or above an absolute
// path without symbolic links; of several at one point the last, which is on top.
// With a device only mounts of that one count. nil if there is none.
func mountAbove(table []mountEntry, abs, device string) *mountEntry {
	var best *mountEntry
	for i := range table {
		e := &table[i]
		if within(abs, e.point) && (device == "" || e.device == device) && (best == nil || len(e.point) >= len(best.point)) {
			best = e
		}
	}
	return best
}

// within says whether a path is dir or below it. Both are absolute.
func within(p, dir string) bool {
	return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/")
}

// inside is where a path below the mount point is in the filesystem itself, which
// is the same for every mount of it.
func (e *mountEntry) inside(abs string) string {
	return path.Join(e.root, strings.TrimPrefix(abs, e.point))
}
