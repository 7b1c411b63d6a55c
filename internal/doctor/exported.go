package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// export is a directory that other machines can mount.
type export struct{ path, by string }

// lists are where a host's servers keep what they export: exportfs(8),
// exports(5), nfsd(7), smb.conf(5). The first of a server's that can be read
// would do, but each may be closed to this user.
var lists = []struct {
	glob string
	read func(text, by string) []export
}{
	{"/proc/fs/nfsd/exports", readExports},
	{"/var/lib/nfs/etab", readExports},
	{"/etc/exports", readExports},
	{"/etc/exports.d/*.exports", readExports},
	{"/etc/samba/smb.conf", readShares},
	{"/usr/local/etc/smb4.conf", readShares},
	{"/var/lib/samba/usershares/*", readShares},
}

// exported looks for the directory among what this host exports. Its own
// processes see such a directory as local while its clients do not.
func (b *bench) exported(context.Context) finding {
	if !b.class.Local {
		return untried("not asked: it is no local filesystem")
	}
	real, err := filepath.EvalSymlinks(b.outside)
	if err != nil {
		return failed(err)
	}
	var closed []string
	for _, l := range lists {
		files, err := filepath.Glob(l.glob)
		if err != nil {
			return failed(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				closed = append(closed, f)
				continue
			}
			for _, e := range l.read(string(text), f) {
				if e.covers(real) {
					return bad("%s is exported to other machines (%s): they do not see the kernel locks of processes here, nor those theirs. "+
						"Unless nobody locks there, everyone must treat it as a network filesystem: --network, WithNetwork()", e.path, e.by)
				}
			}
		}
	}
	const blind = "folders shared with virtual machines cannot be seen from here"
	if len(closed) > 0 {
		return untried("this user may not read %s; %s", strings.Join(closed, ", "), blind)
	}
	return good("no export to other machines was found; %s", blind)
}

// covers says whether dir, without symbolic links, is in the export.
func (e export) covers(dir string) bool {
	top := e.path
	if real, err := filepath.EvalSymlinks(top); err == nil {
		top = real
	}
	rel, err := filepath.Rel(top, dir)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// readExports reads exports(5) and what exportfs and the kernel make of it: the
// path is first in the line, and where the BSDs' has several, all that begin
// with a slash.
func readExports(text, by string) (list []export) {
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		for line = strings.TrimSpace(line); strings.HasPrefix(line, "/") || strings.HasPrefix(line, `"/`); line = strings.TrimLeft(line, " \t") {
			var path string
			if rest, quoted := strings.CutPrefix(line, `"`); quoted {
				path, line, _ = strings.Cut(rest, `"`)
			} else if i := strings.IndexAny(line, " \t"); i >= 0 {
				path, line = line[:i], line[i:]
			} else {
				path, line = line, ""
			}
			list = append(list, export{octal(path), by})
		}
	}
	return list
}

// octal undoes the \040 with which spaces are written there.
func octal(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// readShares reads the paths in Samba's smb.conf, and in the files of user
// shares. One with a variable in it (%U) cannot be told.
func readShares(text, by string) (list []export) {
	share := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			share = line
		}
		key, value, ok := strings.Cut(line, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		value = strings.Trim(strings.TrimSpace(value), `"`)
		if ok && (key == "path" || key == "directory") && strings.HasPrefix(value, "/") && !strings.Contains(value, "%") {
			list = append(list, export{value, fmt.Sprintf("%s in %s", share, by)})
		}
	}
	return list
}
