package fsys

import (
	"path"
	"strings"
)

// parseExports reads what is exported over NFS, in the forms of exports(5) on
// Linux, /var/lib/nfs/etab, /proc/fs/nfsd/exports, and exports(5) on the BSDs and
// macOS:
//
//	/srv/data 10.0.0.0/8(rw,sync) *.lan(ro)
//	"/srv/two words" -sync,crossmnt host
//	/usr /usr/local -maproot=0:10 host1 host2
//
// All agree in this: a line's first words with a slash are directories, those
// with a minus options, and the rest clients with options of their own.
func parseExports(text, file string) []share {
	var all []share
	for line := range strings.Lines(joinLines(text)) {
		var paths []string
		s := share{protocol: "NFS", file: file}
		for i, w := range words(line) {
			switch {
			case strings.HasPrefix(w, "/") && len(paths) == i:
				paths = append(paths, path.Clean(w))
			case strings.HasPrefix(w, "-"):
				s.crosses = s.crosses || crossing(w[1:])
			default:
				client, options, _ := strings.Cut(w, "(")
				s.crosses = s.crosses || crossing(strings.TrimSuffix(options, ")"))
				if client == "" {
					client = "*"
				}
				s.clients = append(s.clients, client)
			}
		}
		for _, p := range paths {
			s.path = p
			all = append(all, s)
		}
	}
	return all
}

// crossing: clients see what is mounted below the directory (exports(5)).
func crossing(options string) bool {
	for o := range strings.SplitSeq(options, ",") {
		if o == "crossmnt" {
			return true
		}
	}
	return false
}

// joinLines joins lines that end with a backslash to the next.
func joinLines(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.ReplaceAll(text, "\\\n", " ")
}

// words splits a line of exports(5): at blanks but those in double quotes, up to
// a number sign that begins a word.
func words(line string) []string {
	var all []string
	var word strings.Builder
	quoted, begun := false, false
	end := func() {
		if begun {
			all = append(all, unescape(word.String()))
			word.Reset()
			begun = false
		}
	}
	for _, c := range []byte(line) {
		switch {
		case c == '"':
			quoted, begun = !quoted, true
		case quoted || c != ' ' && c != '\t' && c != '\n':
			if c == '#' && !begun {
				return all
			}
			word.WriteByte(c)
			begun = true
		default:
			end()
		}
	}
	end()
	return all
}

// parseShares reads what is shared over SMB, from smb.conf(5) and its like: the
// path of each section but [global], which is none, unless the share is switched
// off or a printer's. A path with a variable is a directory for each user or
// machine, so what is above those counts as shared.
func parseShares(text, file string) []share {
	var all []share
	var section, dir string
	off := false
	end := func() {
		if dir != "" && !off && section != "global" && section != "" {
			all = append(all, share{path: dir, protocol: "SMB", crosses: true, file: file})
		}
		dir, off = "", false
	}
	for line := range strings.Lines(joinLines(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if name, ok := strings.CutPrefix(line, "["); ok {
			end()
			name, _, _ = strings.Cut(name, "]")
			section = strings.ToLower(strings.TrimSpace(name))
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		// Blanks and case do not count in a name.
		key = strings.ToLower(strings.Join(strings.Fields(key), ""))
		value = strings.TrimSpace(value)
		switch key {
		case "path", "directory":
			dir = sharedPath(value)
		case "printable", "printok":
			off = off || isYes(value)
		case "available":
			off = off || !isYes(value)
		}
	}
	end()
	return all
}

// sharedPath is "" for what does not name a directory, or all of them.
func sharedPath(value string) string {
	value = strings.Trim(value, `"`)
	value, _, variable := strings.Cut(value, "%")
	if !strings.HasPrefix(value, "/") {
		return ""
	}
	if variable {
		value = value[:strings.LastIndexByte(value, '/')]
	}
	if value == "" {
		return ""
	}
	return path.Clean(value)
}

func isYes(value string) bool {
	switch strings.ToLower(value) {
	case "yes", "true", "on", "1":
		return true
	}
	return false
}
