package doctor

import (
	"slices"
	"strings"
)

// conclude says what it all means, and returns whether the directory can be
// trusted with everything that was asked. b is nil when it did not answer.
func (r *run) conclude(b *bench) bool {
	if b == nil || r.silent {
		for _, k := range Kinds {
			r.say(string(k), bad("not to be trusted: the filesystem does not answer"))
		}
		return false
	}
	r.say(checkKernelBacked, r.kernelBacked(b))
	r.say(string(Soft), r.soft(b))
	r.say(string(Hard), r.hard(b))
	r.say(string(Lease), r.lease(b))

	asked := r.o.For
	if len(asked) == 0 {
		asked = []Kind{Soft, Lease}
		if b.class.Local || r.o.Peers {
			asked = Kinds
		}
	}
	for _, k := range asked {
		if !r.ok(string(k)) {
			return false
		}
	}
	return !r.o.Peers || r.ok(checkPeers)
}

// broken lists which of these checks did not come out well.
func (r *run) broken(names ...string) string {
	var list []string
	for _, n := range names {
		if !r.ok(n) {
			list = append(list, n)
		}
	}
	return strings.Join(list, ", ")
}

// tried lists which of these checks came out badly: those that were not made do
// not count.
func (r *run) tried(names ...string) string {
	return r.broken(slices.DeleteFunc(names, func(n string) bool { return !r.bad(n) })...)
}

func (r *run) kernelBacked(b *bench) finding {
	switch lame := r.broken(checkKernelLocks, checkAfterDeath); {
	case !b.class.Local:
		return bad("other kernels may open these files, so only what is in them testifies about an owner, not the kernel")
	case !b.class.KernelBacked():
		return bad("this system's kernel locks belong to the process and not to the open file, so only records testify about an owner")
	case lame != "":
		return bad("although the filesystem is local: see %s", lame)
	case r.bad(checkExported):
		return bad("for processes of this host only: other machines have the directory too")
	}
	return good("the kernel itself testifies whether an owner lives")
}

// everySoft are the checks without which no soft lock works anywhere.
var everySoft = []string{checkPermissions, checkCreate}

func (r *run) soft(b *bench) finding {
	if lame := r.broken(everySoft...); lame != "" {
		return bad("not to be trusted: see %s", lame)
	}
	if lame := r.tried(checkPeersCreate, checkPeersOpen); lame != "" {
		return bad("not to be trusted between hosts: see %s", lame)
	}
	if b.class.Local {
		return r.softLocal(b)
	}
	if b.weak(stale) {
		return bad("not to be trusted: who opens a file afresh need not see whether its owner renewed it; see %s", checkMount)
	}
	if lame := r.broken(checkRenewal, checkTimestamps); lame != "" {
		return bad("not to be trusted: locks there need a lease, and nobody could see one renewed; see %s", lame)
	}
	const lease = "with a lease, which is the default there (60 s, at least 10 s: --lease D, WithLease(d)); a dead owner's lock is taken over when its lease is over"
	switch {
	case r.ok(checkPeersCreate):
		return good("%s%s", lease, r.data(b))
	case slices.Contains(byServer, b.class.Type):
		return good("%s; who creates a file is decided by the server; doctor --peers 2 on two hosts tries that out", lease)
	}
	return untried("one host cannot tell whether only one of two hosts can create a file here: run doctor --peers 2 on two hosts")
}

func (r *run) softLocal(b *bench) finding {
	switch lame := r.broken(checkKernelLocks, checkAfterDeath); {
	case b.class.KernelBacked() && lame != "":
		return bad("not to be trusted as on a local filesystem: see %s; treat it as a network filesystem (--network, WithNetwork())", lame)
	case r.bad(checkExported):
		return good("as it is between processes here; if other machines lock there too, only when everyone, here as well, treats it as a network filesystem (--network, WithNetwork()): see %s", checkExported)
	case !b.class.KernelBacked():
		return good("a dead owner is known by its record, and by its lease if it has one (--lease D, WithLease(d))")
	}
	return good("without any setting: a dead owner's lock is taken over at once, and waiters are woken by the kernel")
}

func (r *run) lease(b *bench) finding {
	if lame := r.broken(append([]string{checkTimestamps, checkRenewal, checkFence}, everySoft...)...); lame != "" {
		return bad("not to be trusted: see %s", lame)
	}
	if lame := r.tried(checkPeersCreate, checkPeersOpen); lame != "" {
		return bad("not to be trusted between hosts: see %s", lame)
	}
	const fenced = "an owner that was paused for longer than its lease may still write once: fence what it writes to (--fence, WithFence())"
	switch {
	case b.class.Local:
		return good("--lease D or WithLease(d), 10 s at least, has a frozen owner lose the lock too; %s", fenced)
	case b.weak(stale):
		return bad("not to be trusted: renewals may be seen late; see %s", checkMount)
	case r.ok(checkPeersOpen):
		return good("between hosts too; %s", fenced)
	case slices.Contains(byServer, b.class.Type):
		return good("whether another host sees renewals doctor --peers 2 tries out; %s", fenced)
	}
	return untried("one host cannot tell whether another would see a renewal here: run doctor --peers 2 on two hosts")
}

func (r *run) hard(b *bench) finding {
	if lame := r.broken(checkKernelLocks, checkAfterDeath); lame != "" {
		return bad("not to be trusted: see %s", lame)
	}
	switch lame := r.tried(checkPeersLocks); {
	case lame != "":
		return bad("not to be trusted between hosts: see %s", lame)
	case b.class.Local && r.bad(checkExported):
		return bad("to be trusted between processes of this host only: see %s", checkExported)
	case b.class.Local:
		return good("without any setting")
	case b.weak(ownLocks):
		return bad("to be trusted between processes of this host only: see %s", checkMount)
	case r.ok(checkPeersLocks):
		return good("between hosts too, as long as no host crashes: %s%s", crashed(b), r.lostData(b))
	}
	return untried("one host cannot tell whether its kernel locks exclude another host: run doctor --peers 2 on two hosts; %s", crashed(b))
}

// crashed says what becomes of the kernel locks of a host that crashed.
func crashed(b *bench) string {
	switch b.class.Type {
	case "nfs", "nfs4":
		switch version := b.version(); {
		case version == "3":
			return "this is NFSv3, which never frees the locks of a host that crashed before that is up again"
		case version != "":
			return "the locks of a host that crashed are free after the server's lease (NFSv4)"
		}
		return "NFSv3 never frees the locks of a host that crashed, NFSv4 does after the server's lease"
	}
	return "it depends on the server what becomes of the locks of a host that crashed"
}

// data says what else is to be known, and how to have data that is written under
// a lock arrive.
func (r *run) data(b *bench) string {
	if r.bad(checkPeersRemove) {
		return "; a stopped owner may keep it for longer: see " + checkPeersRemove + r.lostData(b)
	}
	return r.lostData(b)
}

func (r *run) lostData(b *bench) string {
	switch {
	case r.bad(checkPeersCounter) && !r.ok(checkPeersLocked):
		return "; but data in files here is lost under a correct lock, and nothing that was tried helps: see " + checkPeersCounter
	case r.bad(checkPeersCounter):
		return "; but data in files here is lost under a correct lock unless it has a kernel lock of its own: see " + checkPeersCounter
	case b.version() == "3":
		return "; none of the updates of a file were lost that was opened under the lock, but NFSv3 does lose some: have a kernel lock on data files too"
	case r.bad(checkPeersKept):
		return "; open data files after taking the lock, and close them before releasing it"
	}
	return ""
}

// weak says whether the mount has options of that weakness.
func (b *bench) weak(w weakness) bool { return b.weakness&w != 0 }
