package doctor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// byServer are the filesystems whose server decides who creates a file, by
// protocol: RFC 1813, CREATE with EXCLUSIVE; RFC 8881, OPEN with EXCLUSIVE4_1;
// [MS-SMB2] FILE_CREATE.
var byServer = []string{"nfs", "nfs4", "smb", "smb2", "smbfs", "cifs"}

func (b *bench) filesystem(context.Context) finding {
	switch {
	case b.class.Local:
		return good("%s: local, only this machine's kernel can open its files", b.class.Type)
	case slices.Contains(byServer, b.class.Type):
		return good("%s: a network filesystem, other machines' kernels open its files too", b.class.Type)
	}
	return untried("%s: not known to be local, so it counts as a network filesystem", b.class.Type)
}

// option is a mount option that weakens something.
type option struct {
	name string // or its beginning, up to the = sign
	says string
	what weakness
}

// weakness says what an option breaks.
type weakness uint8

const (
	ownLocks weakness = 1 << iota // kernel locks do not reach the server
	stale                         // what others did may be seen late even by who opens afresh
	breaks                        // calls fail that would have succeeded later
)

var nfsOptions = []option{
	{"nolock", "kernel locks stay within this host: mount without it", ownLocks},
	{"local_lock=all", "kernel locks stay within this host: mount with local_lock=none", ownLocks},
	{"local_lock=flock", "kernel locks (flock) stay within this host: mount with local_lock=none", ownLocks},
	{"nocto", "opening a file does not ask the server whether it changed, so renewals and data are seen late: mount without it", stale},
	{"soft", "when the server is slow, calls fail instead of waiting, and what was written may be lost: mount with hard", breaks},
	{"softerr", "when the server is slow, calls fail instead of waiting, and what was written may be lost: mount with hard", breaks},
}

var smbOptions = []option{
	{"nobrl", "kernel locks stay within this host: mount without it", ownLocks},
	{"nolock", "kernel locks stay within this host: mount without it", ownLocks},
	{"cache=loose", "what others did is seen late: mount with cache=strict", stale},
}

var plan9Options = []option{
	{"cache=loose", "what others did is seen late or never: mount with cache=none", stale},
	{"cache=fscache", "what others did is seen late or never: mount with cache=none", stale},
}

func optionsOf(fstype string) []option {
	switch fstype {
	case "nfs", "nfs4":
		return nfsOptions
	case "smb", "smb2", "smb3", "smbfs", "cifs":
		return smbOptions
	case "9p":
		return plan9Options
	}
	return nil
}

// longCache is the acregmax from which on a stat is called out of date for
// long; 60 s is the default (nfs(5)).
const longCache = 60

// mounted is what is known of the mount that the directory is on.
type mounted struct {
	fstype, source, point, server string
	options                       []string
}

// mountOf looks a mount up; nil when the system does not tell.
var mountOf = func(string) *mounted { return nil }

func (b *bench) lookUpMount() {
	if b.mounted = mountOf(b.outside); b.mounted != nil {
		b.weakness, _ = weigh(b.mounted.fstype, b.mounted.options)
	}
}

func (b *bench) mount(context.Context) finding {
	m := b.mounted
	if m == nil {
		return untried("this system does not tell what is mounted here, and with which options")
	}
	said := fmt.Sprintf("%s on %s, type %s", m.source, m.point, m.fstype)
	if m.server != "" {
		said += ", server " + m.server
	}
	if len(m.options) > 0 {
		said += ", options that matter: " + strings.Join(m.options, ",")
	}
	weak, wrong := weigh(m.fstype, m.options)
	if weak != 0 {
		return bad("%s; %s", said, strings.Join(wrong, "; "))
	}
	return good("%s", sentence(append([]string{said}, wrong...)...))
}

// weigh says what is wrong with mount options.
func weigh(fstype string, options []string) (weak weakness, said []string) {
	for _, o := range optionsOf(fstype) {
		if slices.Contains(options, o.name) {
			weak |= o.what
			said = append(said, o.name+": "+o.says)
		}
	}
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		seconds, err := strconv.Atoi(value)
		if err == nil && seconds > longCache && (name == "acregmax" || name == "acdirmax" || name == "actimeo") {
			said = append(said, fmt.Sprintf("%s: a stat may be %d s old, and so may be who looks at a directory (filelock opens what it looks at): mount with actimeo=60 or less", o, seconds))
		}
	}
	return weak, said
}
