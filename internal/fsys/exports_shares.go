package fsys

import (
	"strconv"
	"strings"
)

// parseWin32Share reads what the registry of Windows says of a share, which is a
// list of KEY=VALUE: a directory that is given to others, or a printer.
func parseWin32Share(list []string) (path string, ok bool) {
	const disk = 0 // STYPE_DISKTREE; the bits above the second byte are flags
	kind := uint64(disk)
	for _, s := range list {
		key, value, _ := strings.Cut(s, "=")
		switch strings.ToLower(key) {
		case "path":
			path = value
		case "type":
			n, err := strconv.ParseUint(value, 10, 64)
			if err != nil {
				return "", false
			}
			kind = n & 0xff
		}
	}
	return path, kind == disk && isDrive(path)
}

// win32Within is within for paths of Windows, in which neither the case nor the
// kind of separator makes a difference.
func win32Within(p, dir string) bool {
	plain := func(s string) string {
		return strings.TrimSuffix(strings.ToLower(strings.ReplaceAll(s, `\`, "/")), "/")
	}
	return within(plain(p), plain(dir))
}
