package fsys

import (
	"errors"
	"io/fs"
	"net"
	"slices"
	"strings"
)

// Mount is what is known about the mount that a directory is on. What the
// system does not tell is empty.
type Mount struct {
	Class            // Local is what Dir.Class says; Type is as the mount table names it ("nfs4", "fuse.sshfs")
	Dir     string   // the directory asked about, without symbolic links where that is known
	Point   string   // where it is mounted
	Source  string   // what is mounted: a device, "server:/export", "//server/share"
	Server  string   // the server's name or address, "" when local or not known
	Options []string // those that matter for locks, as in the mount table; on the BSDs "sync", "async" and "exported" only
	// ReadOnly: through this mount nobody changes anything.
	ReadOnly bool

	device, root string // Linux: the filesystem, and its directory that is mounted at Point
}

// MountOf says what is known about the mount that dir is on. A symbolic link is
// followed, and what is mounted on demand is mounted, as for a lock made in dir.
//
// The filesystem of dir is asked, and no other: a server that is dead somewhere
// else makes no difference. If dir's own is dead this may not return, like any
// other call there, and cannot be ended.
//
// What is known of the class is right with an error too: then it is the table of
// mounts that could not be read.
//
//   - Linux: everything, from /proc/self/mountinfo. In a container or chroot
//     whose own mounts are not in it only the class is known.
//   - FreeBSD, OpenBSD, NetBSD, DragonFly and macOS: statfs(2). The options of
//     the network are not among what it tells.
//   - Windows: a share's name, or the volume.
//   - Solaris and illumos: type and ReadOnly. AIX: the type's number.
func MountOf(dir string) (Mount, error) {
	m, err := mountOf(dir)
	if err != nil {
		return m, mountError(dir, err)
	}
	return m, nil
}

// MountByName is what the table of mounts says about a path, which should be
// absolute and without symbolic links. No filesystem is asked anything, so it
// answers for a directory whose server does not, which MountOf cannot: it is for
// saying who that is. Local is false, for nothing says so; where there is no such
// table it is errors.ErrUnsupported, outside Linux.
func MountByName(path string) (Mount, error) {
	abs, err := Absolute(path)
	if err != nil {
		return Mount{}, mountError(path, err)
	}
	table, err := mountTable()
	if err == nil && table == nil {
		err = errors.ErrUnsupported
	}
	if err != nil {
		return Mount{}, mountError(path, err)
	}
	m := Mount{Dir: abs}
	if e := mountAbove(table, abs, ""); e != nil {
		m.fill(e)
	}
	return m, nil
}

func (m *Mount) fill(e *mountEntry) {
	m.Type, m.Point, m.Source = e.typ, e.point, e.source
	if !m.Local {
		m.Server = serverOf(e.typ, e.source, e.options)
	}
	m.Options, m.ReadOnly = forLocks(e.options), e.readOnly()
	m.device, m.root = e.device, e.root
}

func mountError(dir string, err error) error {
	if _, ok := err.(*fs.PathError); ok {
		return err
	}
	return &fs.PathError{Op: "mount of", Path: dir, Err: err}
}

// serverOf is the server in what is mounted: "server:/export" and its like of
// NFS, Ceph, Lustre, GlusterFS and sshfs, "//server/share" of SMB and AFP, a URL.
// Where there is none, as with 9p over a wire, an option may have it.
func serverOf(typ, source string, options []string) string {
	if server := namedServer(typ, source); server != "" {
		return bare(server)
	}
	if typ == "9p" && (slices.Contains(options, "trans=tcp") || slices.Contains(options, "trans=rdma")) {
		return source
	}
	for _, key := range []string{"addr=", "mon_addr="} {
		for _, o := range options {
			if value, ok := strings.CutPrefix(o, key); ok {
				return bare(value)
			}
		}
	}
	return ""
}

func namedServer(typ, source string) string {
	server, found := "", false
	if rest, ok := cutEither(source, "//", `\\`); ok {
		server, found = strings.ReplaceAll(rest, `\`, "/"), true
		server, _, _ = strings.Cut(server, "/")
	} else if _, rest, ok := strings.Cut(source, "://"); ok {
		server, _, _ = strings.Cut(rest, "/")
		found = true
	} else if typ != "9p" { // there it is a tag, or a drive
		server, _, found = strings.Cut(source, ":/")
		if !found && typ == "fuse.sshfs" {
			server, _, found = strings.Cut(source, ":") // relative to the user's home there
		}
	}
	if !found || strings.Contains(server, "/") { // a list of directories
		return ""
	}
	server = strings.TrimPrefix(server, "sshfs#")
	// Who is logged in is no part of the name. Lustre has its network there, after
	// the same sign.
	if i := strings.LastIndexByte(server, '@'); i >= 0 && typ != "lustre" {
		server = server[i+1:]
	}
	return server
}

// bare is a server without the brackets of an IPv6 address, and without the port
// that may follow them.
func bare(server string) string {
	if !strings.HasPrefix(server, "[") {
		return server
	}
	if host, _, err := net.SplitHostPort(server); err == nil {
		return host
	}
	host, ok := strings.CutSuffix(server[1:], "]")
	if !ok || strings.ContainsAny(host, "[]") { // several
		return server
	}
	return host
}

func cutEither(s, a, b string) (rest string, ok bool) {
	if rest, ok = strings.CutPrefix(s, a); !ok {
		rest, ok = strings.CutPrefix(s, b)
	}
	return rest, ok
}

// shareOf takes the name of a share, `\\server\share`, off the beginning of a
// path of Windows, in any of the forms it gives to one; "" if there is none.
func shareOf(path string) (source, server string) {
	rest, ok := strings.CutPrefix(path, `\\?\UNC\`)
	if !ok {
		if rest, ok = strings.CutPrefix(path, `\\`); !ok || strings.HasPrefix(rest, `?\`) || strings.HasPrefix(rest, `.\`) {
			return "", ""
		}
	}
	parts := strings.SplitN(rest, `\`, 3)
	if len(parts) < 2 || parts[0] == "" || parts[1] == "" {
		return "", ""
	}
	return `\\` + parts[0] + `\` + parts[1], parts[0]
}
