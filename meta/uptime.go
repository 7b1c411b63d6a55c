package meta

import "time"

// Uptime is the time since this machine was started, by a clock that nobody can
// set and that goes on while the machine is suspended: two readings under one
// boot id can be compared, in different processes too. Leases are counted by it.
//
// Where the system has no such clock (FreeBSD, DragonFly, NetBSD, Solaris) it is one that stands
// still while the machine is suspended: an owner that wakes up from suspension
// may then believe in its lease for too long. On AIX it counts from the start of
// the process.
func Uptime() time.Duration { return uptime() }
