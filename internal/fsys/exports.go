package fsys

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// share is a directory of this machine that it gives to others.
type share struct {
	path     string
	protocol string   // "NFS", "SMB"
	clients  []string // to whom; nil if that is not said
	// crosses: what is mounted below path is given too.
	crosses bool
	file    string // where it says so
}

// exportedOption is the option of a mount that says the kernel itself gives it
// to others (MNT_EXPORTED of the BSDs).
const exportedOption = "exported"

// Exported says to whom the directory that m is about is given over the network
// by this very machine, a sentence for each way; nil when nothing is known of
// any. It is for a warning: to this machine such a directory looks local, to the
// others it is not, and all of them must treat it as a network filesystem.
//
// It reads what the servers of NFS and SMB are told to give, and asks none of
// them. What it cannot read or does not understand it leaves out, so nil does not
// mean that nobody has the directory: a host may have it too that shares it with
// this virtual machine, a container's, or a server of another kind.
func Exported(m Mount) []string {
	var said []string
	if slices.Contains(m.Options, exportedOption) {
		said = append(said, fmt.Sprintf("the filesystem at %q is exported over NFS, says the kernel", m.Point))
	}
	if m.Dir == "" {
		return said
	}
	return append(said, sentences(givenHere(m))...)
}

// given are the shares in which the directory is.
//
// The same directory may be there under another name: NFS servers have a tree of
// bind mounts for what they export. So where the table of mounts is known, a
// share is looked up in it, and places inside the filesystem are compared.
// Nothing is asked of the shares' own filesystems, any of which may hang;
// symbolic links in their paths are therefore not seen through.
//
// The name of the mount point is no help where the directory is not below it
// (macOS has its volume for data also at the root); then the directory's counts.
func given(m Mount, table []mountEntry, all []share) []share {
	var in []share
	here := mountEntry{root: m.root, point: m.Point}
	for _, s := range all {
		below := within(m.Dir, s.path)
		e := mountAbove(table, s.path, "")
		switch {
		case below && (s.crosses || !within(m.Dir, m.Point) || within(s.path, m.Point)):
			in = append(in, s)
		case e != nil && m.device != "" && e.device == m.device && within(here.inside(m.Dir), e.inside(s.path)):
			in = append(in, s)
		}
	}
	return in
}

// sentences puts together what several files say of one share.
func sentences(in []share) []string {
	var said []string
	for i, s := range in {
		same := func(o share) bool { return o.path == s.path && o.protocol == s.protocol }
		if slices.ContainsFunc(in[:i], same) {
			continue
		}
		var clients, files []string
		for _, o := range in[i:] {
			if same(o) {
				clients, files = append(clients, o.clients...), append(files, o.file)
			}
		}
		to := "other machines"
		if clients = unique(clients); len(clients) > 0 {
			to = strings.Join(clients, ", ")
		}
		said = append(said, fmt.Sprintf("%q is exported over %s to %s, says %s", s.path, s.protocol, to, strings.Join(unique(files), ", ")))
	}
	return said
}

func unique(all []string) []string {
	var once []string
	for _, s := range all {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return once
}

// userShares reads the shares that users made (net(8), "usershare"). Users can
// write there, so what is no regular file is not opened, and size is capped.
func userShares(at string) []share {
	d, err := Real.OpenDir(at)
	if err != nil {
		return nil
	}
	defer func() { _ = d.Close() }() // it was only looked into
	const most, maxSize = 1000, 16 << 10
	var names []string
	_ = d.List(func(e Entry) bool {
		names = append(names, e.Name)
		return len(names) < most
	})
	slices.Sort(names)
	var all []share
	for _, n := range names {
		f, err := d.Open(n, OpenRead)
		if err != nil {
			continue
		}
		if b, err := f.Read(maxSize); err == nil {
			all = append(all, parseShares("["+n+"]\n"+string(b), path.Join(at, n))...)
		}
		_ = f.Close() // it was only read
	}
	return all
}
