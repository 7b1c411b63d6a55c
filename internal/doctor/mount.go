package doctor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/filelock-go/filelock/internal/fsys"
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

var diskOptions = []option{
	{"localflock", "kernel locks stay within this host: mount with flock", ownLocks},
	{"localflocks", "kernel locks stay within this host: mount without it", ownLocks},
}

func optionsOf(fstype string) []option {
	switch fstype {
	case "nfs", "nfs4":
		return nfsOptions
	case "smb", "smb2", "smb3", "smbfs", "cifs":
		return smbOptions
	case "9p":
		return plan9Options
	case "lustre", "ocfs2", "gfs2":
		return diskOptions
	}
	return nil
}

// longCache is the acregmax from which on a stat is called out of date for
// long; 60 s is the default (nfs(5)).
const longCache = 60

// lookUpMount finds out where the directory is mounted from. Where that cannot
// be told there is only the class.
func (b *bench) lookUpMount() {
	m, err := fsys.MountOf(b.outside)
	if err != nil || m.Point == "" {
		return
	}
	b.mounted = &m
	b.weakness, _ = weigh(m.Type, m.Options)
}

func (b *bench) mount(context.Context) finding {
	m := b.mounted
	if m == nil {
		return untried("this system does not tell what is mounted here, and with which options")
	}
	said := fmt.Sprintf("%q at %q, type %s", m.Source, m.Point, m.Type)
	if m.Server != "" {
		said += ", server " + m.Server
	}
	if len(m.Options) > 0 {
		said += ", options that matter: " + strings.Join(m.Options, ",")
	}
	weak, wrong := weigh(m.Type, m.Options)
	said = sentence(append([]string{said}, wrong...)...)
	switch {
	case weak != 0:
		return bad("%s", said)
	case !b.class.Local && len(m.Options) == 0:
		return untried("%s; its options cannot be seen here (nfsstat -m or mount may show them)", said)
	}
	return good("%s", said)
}

// version is the protocol's version by the mount's options, "" if they do not
// say.
func (b *bench) version() string {
	if b.mounted != nil {
		for _, o := range b.mounted.Options {
			if v, ok := strings.CutPrefix(o, "vers="); ok {
				return v
			}
		}
	}
	return ""
}

// exported says whether this host gives the directory to others, whose kernel
// locks those of its own processes do not meet.
func (b *bench) exported(context.Context) finding {
	switch {
	case !b.class.Local:
		return untried("not asked: it is no local filesystem")
	case b.mounted == nil:
		return untried("it is not known what is mounted here, so neither whether it is exported")
	}
	if said := fsys.Exported(*b.mounted); len(said) > 0 {
		return bad("%s: other machines do not meet the kernel locks of processes here, nor these theirs. "+
			"Unless nobody locks there, everyone, here as well, must treat it as a network filesystem: --network, WithNetwork()", strings.Join(said, "; "))
	}
	return good("no export to other machines is known; a folder that is shared with a virtual machine or by its host cannot be seen from here")
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
