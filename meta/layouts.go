package meta

import (
	"encoding/binary"
	"time"
)

// What the kernels of other systems say about a process is decoded from bytes,
// on every system, so that it is tested everywhere. Where things stand in
// those bytes is said here, for each system and architecture that is known; on
// another nothing is known of any process.

// field is a number, or with more than 8 bytes a text ended by a NUL.
type field struct{ at, bytes int }

// layout says what of a struct is to be read, and what must be so for it to be
// the struct that is meant.
type layout struct {
	order binary.ByteOrder
	bytes int  // how many there are, or are to be asked for
	more  bool // there may be more behind them

	itsSize field // holds bytes
	version field // holds 0

	pid, uid, name field
	sec, sub       field         // when it started, since the epoch
	unit           time.Duration // of sub
	// started is not 0 where sec and sub are filled in. Without it they are as
	// long as they are not both 0.
	started field
	// fromBoot: the start is made anew each time it is asked for, from the time of
	// boot, which moves whenever the clock is set. Elsewhere it is what the clock
	// showed, and stays.
	fromBoot bool

	state  field // zombie in what has ended
	zombie int64
	// threads and lastThread, where there is no state, are all 0 in what has ended.
	threads, lastThread field

	place field // 0: not in a jail, zone or partition of the machine
}

// layouts by GOOS/GOARCH.
var layouts = map[string]*layout{
	"freebsd/amd64":   &freeBSD64,
	"freebsd/arm64":   &freeBSD64,
	"freebsd/riscv64": &freeBSD64,
	"freebsd/386":     &freeBSD386,
	"freebsd/arm":     &freeBSDArm,

	"openbsd/amd64":   &openBSD,
	"openbsd/arm64":   &openBSD,
	"openbsd/riscv64": &openBSD,
	"openbsd/386":     &openBSD,
	"openbsd/arm":     &openBSD,

	"netbsd/amd64": &netBSD,
	"netbsd/arm64": &netBSD,
	"netbsd/386":   &netBSD,
	"netbsd/arm":   &netBSD,

	"dragonfly/amd64": &dragonFly,

	"darwin/amd64": &macOS,
	"darwin/arm64": &macOS,

	"solaris/amd64": &psinfo64,
	"illumos/amd64": &psinfo64,

	"aix/ppc64": &psinfoAIX,
}

// FreeBSD: struct kinfo_proc (sys/user.h). Its size, KINFO_PROC_SIZE, is part of
// it, is checked by the kernel's own build, and has been the same since FreeBSD 7
// (arm: 10). SZOMB is 5 (sys/proc.h). fill_kinfo_proc_only in kern_proc.c makes
// the start from the time of boot.
var (
	freeBSD64 = layout{
		order: binary.LittleEndian, bytes: 1088, itsSize: field{0, 4}, version: field{4, 4},
		pid: field{72, 4}, uid: field{172, 4}, name: field{447, 20},
		sec: field{336, 8}, sub: field{344, 8}, unit: time.Microsecond, fromBoot: true,
		state: field{388, 1}, zombie: 5, place: field{592, 4},
	}
	freeBSD386 = layout{
		order: binary.LittleEndian, bytes: 768, itsSize: field{0, 4}, version: field{4, 4},
		pid: field{40, 4}, uid: field{140, 4}, name: field{367, 20},
		sec: field{280, 4}, sub: field{284, 4}, unit: time.Microsecond, fromBoot: true,
		state: field{308, 1}, zombie: 5, place: field{512, 4},
	}
	freeBSDArm = layout{
		order: binary.LittleEndian, bytes: 816, itsSize: field{0, 4}, version: field{4, 4},
		pid: field{40, 4}, uid: field{140, 4}, name: field{383, 20},
		sec: field{280, 8}, sub: field{288, 4}, unit: time.Microsecond, fromBoot: true,
		state: field{324, 1}, zombie: 5, place: field{528, 4},
	}
)

// OpenBSD: struct kinfo_proc (sys/sysctl.h), made to be the same for 32 and 64
// bits, and to grow at its end only: as much of it as is needed is asked for.
// SDEAD is 6: every thread is; SZOMB is no longer used. The start is filled in
// where p_uvalid is set, from the time of boot (FILL_KPROC there).
var openBSD = layout{
	order: binary.LittleEndian, bytes: 424,
	pid: field{108, 4}, uid: field{132, 4}, name: field{312, 24},
	sec: field{408, 8}, sub: field{416, 4}, unit: time.Microsecond, fromBoot: true, started: field{400, 8},
	state: field{304, 1}, zombie: 6,
}

// NetBSD: struct kinfo_proc2 (sys/sysctl.h), likewise. p_stat is a thread's state
// there, p_realstat the process'; SZOMB is 5, and SDEAD, 6, is "almost a zombie"
// (sys/proc.h). The start is what the clock showed at fork (kern_fork.c).
var netBSD = layout{
	order: binary.LittleEndian, bytes: 640,
	pid: field{116, 4}, uid: field{140, 4}, name: field{368, 24},
	sec: field{456, 4}, sub: field{460, 4}, unit: time.Microsecond, started: field{448, 8},
	state: field{632, 8}, zombie: 5,
}

// DragonFly: struct kinfo_proc (sys/kinfo.h). SZOMB is 4 (enum procstat). The
// start is what the clock showed at fork (kern_fork.c, kern_kinfo.c).
var dragonFly = layout{
	order: binary.LittleEndian, bytes: 992,
	pid: field{220, 4}, uid: field{204, 4}, name: field{112, 17},
	sec: field{96, 8}, sub: field{104, 8}, unit: time.Microsecond,
	state: field{12, 4}, zombie: 4, place: field{364, 4},
}

// macOS: struct kinfo_proc of 64-bit programs (bsd/sys/sysctl.h, bsd/sys/proc.h).
// SZOMB is 5. The start is what the clock showed at fork.
var macOS = layout{
	order: binary.LittleEndian, bytes: 648,
	pid: field{40, 4}, uid: field{392, 4}, name: field{243, 17},
	sec: field{0, 8}, sub: field{8, 4}, unit: time.Microsecond,
	state: field{36, 1}, zombie: 5,
}

// Solaris and illumos: psinfo_t (proc(5), sys/procfs.h) as 64-bit programs see
// it, whatever the process. pr_nlwp and pr_nzomb are 0 in a zombie. What comes
// behind pr_zoneid describes a thread.
var psinfo64 = layout{
	order: binary.LittleEndian, bytes: 416, more: true,
	pid: field{8, 4}, uid: field{24, 4}, name: field{136, 16},
	sec: field{88, 8}, sub: field{96, 8}, unit: time.Nanosecond,
	threads: field{4, 4}, lastThread: field{268, 4}, place: field{276, 4},
}

// AIX: struct psinfo (/proc in the files reference, sys/procfs.h of 5.3; pr_cid
// came with 6.1), the same for 32-bit and 64-bit programs. pr_nlwp and
// pr_lwp.pr_lwpid are 0 in a zombie.
var psinfoAIX = layout{
	order: binary.BigEndian, bytes: 448, more: true,
	pid: field{48, 8}, uid: field{16, 8}, name: field{168, 16},
	sec: field{112, 8}, sub: field{120, 4}, unit: time.Nanosecond,
	threads: field{8, 4}, lastThread: field{328, 8}, place: field{144, 2},
}
