package doctor

import "context"

// The checks that one host can make, in their order.
const (
	checkFilesystem   = "filesystem"
	checkMount        = "mount"
	checkExported     = "exported"
	checkPermissions  = "permissions"
	checkCreate       = "create-exclusive"
	checkLink         = "link"
	checkRename       = "rename"
	checkUnlinkOpen   = "unlink-open"
	checkKernelLocks  = "kernel-locks"
	checkAfterDeath   = "lock-after-death"
	checkKernelBacked = "kernel-backed"
	checkTimestamps   = "timestamps"
	checkRenewal      = "renewal"
	checkClock        = "clock"
	checkCache        = "attribute-cache"
	checkFence        = "fence"
)

func (b *bench) checks() []check {
	return []check{
		{checkFilesystem, b.filesystem},
		{checkMount, b.mount},
		{checkExported, b.exported},
		{checkPermissions, b.permissions},
		{checkCreate, b.createExclusive},
		{checkLink, b.link},
		{checkRename, b.rename},
		{checkUnlinkOpen, b.unlinkOpen},
		{checkKernelLocks, b.kernelLocks},
		{checkAfterDeath, b.lockAfterDeath},
		{checkTimestamps, b.timestamps},
		{checkRenewal, b.renewal},
		{checkClock, b.clock},
		{checkCache, b.attributeCache},
		{checkFence, b.fence},
	}
}

// with calls try with a second process, which is gone when it returns.
func (b *bench) with(try func(s *second) finding) finding {
	s, err := b.second()
	if err != nil {
		return failed(err)
	}
	defer s.stop()
	return try(s)
}

// makeFile makes an experiment's file, of one byte, and opens it.
func (b *bench) makeFile(name string) (*opened, error) {
	f, err := b.dir.Create(name, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Extend(1); err != nil {
		_ = f.Close() // nothing of use is in it
		return nil, err
	}
	return &opened{File: f, dir: b.dir, name: name}, nil
}

// reached returns ctx's error when its time is over, for a loop to end.
func reached(ctx context.Context) error { return context.Cause(ctx) }
